"""The option --model: what the commands say with the right model, the wrong one, none, and what is no model."""

import json
import shutil

import models
import pytest
from click.testing import CliRunner

from rnncompress.cli import main
from rnncompress.model import Model

TEXT = "Ein Ziegel zählt den Dächerflüsterer.\n".encode() * 4
NAME = "kleine Datei.txt"
OTHER = b"the quick brown fox jumps over the lazy dog " * 20
DIGEST = models.trained().digest.hex()


@pytest.fixture
def cli(folder):
    """Runs the command line in this process, with real networks."""
    return lambda *arguments, stdin=b"": CliRunner().invoke(main, list(map(str, arguments)), input=stdin)


@pytest.fixture
def model(folder):
    """A trained model, which the current folder holds, besides another one and a file to encode."""
    models.trained().save(folder / "Modell.rnnm")
    models.trained(OTHER).save(folder / "anderes.rnnm")
    (folder / NAME).write_bytes(TEXT)
    return folder / "Modell.rnnm"


@pytest.fixture
def packed(cli, folder, model):
    """A file encoded with the model, without its original."""
    assert cli("encode", NAME, "--model", "Modell.rnnm", "-q", "--verify").exit_code == 0
    (folder / NAME).unlink()
    return folder / f"{NAME}.rnnc"


def test_the_way_there_and_back(cli, folder, packed):
    """What was encoded with a model comes back with it, and verify says so, with any number of threads."""
    assert cli("decode", packed, "--model", "Modell.rnnm", "--threads", "3").exit_code == 0
    assert (folder / NAME).read_bytes() == TEXT
    result = cli("verify", packed, "--model", "Modell.rnnm", "--against", NAME)
    assert result.exit_code == 0
    assert "bytes with the model, verified" in result.stdout


@pytest.mark.parametrize("command", [["encode", NAME, "-f"], ["decode", f"{NAME}.rnnc", "-f"]])
def test_both_totals_are_told(cli, folder, model, packed, command):
    """The JSON document has the size of the file without and with the model's bytes."""
    (folder / NAME).write_bytes(TEXT)
    told = json.loads(cli(*command, "--model", model, "--json").stdout)
    size, size_of_model = packed.stat().st_size, model.stat().st_size
    assert (told["compressed_bytes"], told["compressed_bytes_with_model"]) == (size, size + size_of_model)
    assert told["bpc_with_model"] == 8 * (size + size_of_model) / len(TEXT)
    assert (told["mode"], told["model"], told["trained"]) == ("trained", str(model), DIGEST[:16])


def test_stored_files_count_no_model(cli, folder, model):
    """Where the input is stored, decoding needs no model, and no byte of one is counted."""
    (folder / "kurz").write_bytes(b"x")
    told = json.loads(cli("encode", "kurz", "--model", model, "--json").stdout)
    assert (told["mode"], told["trained"], told["model_bytes"]) == ("stored", None, 0)
    assert told["compressed_bytes_with_model"] == told["compressed_bytes"]
    assert cli("decode", "kurz.rnnc", "-o", "neu").exit_code == 0


def test_info_tells_the_model(cli, packed):
    """info names the model, and with --model counts its bytes."""
    assert DIGEST[:16] in cli("info", packed).stdout
    assert json.loads(cli("info", packed, "--json").stdout)["trained"] == DIGEST[:16]
    result = cli("info", packed, "--model", "Modell.rnnm")
    assert "which is Modell.rnnm" in result.stdout
    assert "bytes with it" in result.stdout
    config = json.loads(cli("info", packed, "--model", "Modell.rnnm", "--json").stdout)["config"]
    assert (config["hidden"], config["rate_first"]) == (models.CONFIG.hidden, models.CONFIG.rate_last)


@pytest.mark.parametrize("kind", ["bytes", "characters", "words"])
def test_info_tells_of_a_model_file(cli, folder, kind):
    """info shows which model a file holds, and of which symbols."""
    model = models.trained(kind=kind)
    model.save(folder / "Text.rnnm")
    shown = cli("info", "Text.rnnm").stdout
    assert model.digest.hex() in shown
    assert f"{model.vocabulary.size} {kind}" in shown
    told = json.loads(cli("info", "Text.rnnm", "--json").stdout)
    assert (told["model_digest"], told["alphabet"]) == (model.digest.hex(), kind)


def test_info_of_a_damaged_model(refuses, folder, model):
    """A damaged model file is told as such; what is neither is no rnncompress file."""
    blob = model.read_bytes()
    model.write_bytes(blob[:-9] + bytes([blob[-9] ^ 1]) + blob[-8:])
    refuses(1, "info", "Modell.rnnm", says="Modell.rnnm is damaged")
    refuses(1, "info", NAME, says="not an rnncompress file")


@pytest.mark.parametrize("command", ["decode", "verify"])
def test_missing_model(refuses, folder, packed, command):
    """Without the model the command ends with 4 and names it, by its file where that lies near."""
    refuses(4, command, packed, says=f"needs the trained model {DIGEST[:12]}; use --model Modell.rnnm")
    (folder / "Modell.rnnm").rename(folder.parent / "fort")
    refuses(4, command, packed, says=f"needs the trained model {DIGEST[:12]}; name its file with --model")


def test_the_model_beside_the_file_is_found(refuses, folder, packed):
    """The hint names a model that lies beside the compressed file, or beside the model that was given."""
    for place in ("bei der Datei", "bei Modellen"):
        (folder / place).mkdir()
    shutil.move(packed, folder / "bei der Datei")
    shutil.move(folder / "Modell.rnnm", folder / "bei Modellen")
    shutil.move(folder / "anderes.rnnm", folder / "bei Modellen")
    there = f"bei der Datei/{packed.name}"
    refuses(4, "decode", there, says="name its file with --model")
    refuses(4, "decode", there, "--model", "bei Modellen/anderes.rnnm", says="'bei Modellen/Modell.rnnm'")


@pytest.mark.parametrize("command", [["decode"], ["verify"], ["verify", "--quick"], ["info"]])
def test_wrong_model(refuses, folder, packed, command):
    """With another model the command ends with 4 and names both, and the file of the right one."""
    other = models.trained(OTHER).digest.hex()[:12]
    says = f"{DIGEST[:12]}, and {other} is another; use --model Modell.rnnm"
    refuses(4, *command, packed, "--model", "anderes.rnnm", says=says)


@pytest.mark.parametrize("command", ["encode", "decode", "verify", "info", "sample"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is no model of rnncompress"),
        (b"a text like any other", "is no model of rnncompress"),
        (b'\x10\0\0\0\0\0\0\0{"tensor": {}}   ', "is no model of rnncompress"),
        ("half", "damaged|is no model"),
        ("flipped", "is damaged"),
    ],
)
def test_what_is_no_model(refuses, folder, packed, command, content, says):
    """Foreign, truncated and damaged model files end with 1 and the name of the file, and nothing is written."""
    blob = (folder / "Modell.rnnm").read_bytes()
    if content == "half":
        content = blob[: len(blob) // 2]
    elif content == "flipped":
        content = blob[:-100] + bytes([blob[-100] ^ 1]) + blob[-99:]
    (folder / "schlecht.rnnm").write_bytes(content)
    (folder / "neu").write_bytes(TEXT)
    source = {"encode": ["neu"], "sample": []}.get(command, [packed])
    refuses(1, command, *source, "--model", "schlecht.rnnm", says=f"schlecht.rnnm.*({says})")
    refuses(1, command, *source, "--model", "fehlt.rnnm", says="fehlt.rnnm: No such file")
    refuses(1, command, *source, "--model", ".", says="Is a directory")


@pytest.mark.parametrize("kind", ["characters", "words"])
def test_model_of_another_alphabet(refuses, folder, model, packed, kind):
    """A model of characters or words codes no files: encode ends with 1 and says so, decode with 4."""
    models.trained(kind=kind).save(folder / "Text.rnnm")
    (folder / NAME).write_bytes(TEXT)
    refuses(1, "encode", NAME, "-f", "--model", "Text.rnnm", says=f"the model's symbols are {kind}")
    refuses(4, "decode", packed, "-f", "--model", "Text.rnnm", says="is another; use --model Modell.rnnm")


def test_newer_model(refuses, folder, model):
    """A model file of a later format ends with 4."""
    blob = model.read_bytes()
    (folder / "neu.rnnm").write_bytes(blob.replace(b'\\"version\\":1', b'\\"version\\":2'))
    refuses(4, "encode", NAME, "--model", "neu.rnnm", says="neu.rnnm was written in model format 2")


def test_outputs_stay_what_they_were(refuses, folder, packed):
    """A command that fails for want of its model replaces nothing, not even with -f."""
    (folder / NAME).write_bytes(b"mine")
    refuses(4, "decode", packed, "-f", says="needs the trained model")
    refuses(4, "decode", packed, "-f", "--model", "anderes.rnnm", says="is another")
    (folder / "schlecht.rnnm").write_bytes(b"?")
    refuses(1, "encode", NAME, "-f", "--model", "schlecht.rnnm", says="no model")


def test_model_and_preset(cli, model):
    """A preset beside a model is a wrong command line."""
    result = cli("encode", NAME, "--model", model, "--preset", "fast")
    assert result.exit_code == 2
    assert "contradict" in result.stderr


def test_the_model_is_not_overwritten(refuses, folder, model, packed):
    """Neither output nor report replaces the model, not even with -f."""
    (folder / NAME).write_bytes(TEXT)
    refuses(1, "encode", NAME, "-o", model, "-f", "--model", model, says="is the model itself")
    refuses(1, "encode", NAME, "-f", "--model", model, "--report", model, says="is the model itself")
    refuses(1, "decode", packed, "-o", model, "-f", "--model", model, says="is the model itself")


def test_model_from_a_file_of_any_name(cli, folder, packed):
    """A model file needs no particular name."""
    (folder / "Modell.rnnm").rename(folder / "Größtes Modell")
    assert Model.load(folder / "Größtes Modell").digest.hex() == DIGEST
    assert cli("decode", packed, "--model", "Größtes Modell").exit_code == 0
    assert (folder / NAME).read_bytes() == TEXT


@pytest.mark.parametrize("kind", ["bytes", "characters", "words"])
def test_symbols_that_the_model_has_never_seen(cli, folder, kind):
    """A text of unseen symbols costs more, and is evaluated; only an empty one is refused."""
    models.trained(kind=kind).save(folder / "Text.rnnm")
    costs = []
    for text in ("Der Dächerflüsterer zählt Ziegel, und ", "Ωμέγα! ЖЖЖ? "):
        (folder / "Text").write_text(text * 9, encoding="utf-8")
        result = cli("evaluate", "Text", "--model", "Text.rnnm", "--static", "--json")
        assert result.exit_code == 0
        costs.append(json.loads(result.stdout)["evaluations"]["static"]["bpc"])
    if kind != "words":  # where all unknown words are one
        assert costs[0] < costs[1] < 20


def test_an_empty_text_is_nothing_to_learn_from(refuses, folder, model):
    """Neither training nor evaluation takes an empty text; no model is written."""
    (folder / "leer").write_bytes(b"")
    refuses(1, "train", "leer", "-o", "neu.rnnm", says="too short")
    refuses(1, "train", "leer", "-o", model, "-f", says="too short")
    refuses(1, "evaluate", "leer", "--model", model, says="the text is empty")
