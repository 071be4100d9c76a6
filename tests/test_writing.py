"""Text written by hand: what the network sees, what is drawn, and that it is the same everywhere."""

import hashlib
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import ink
import models
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress.errors import InputError, ModelError, VersionError
from rnncompress.exact import grid, noise
from rnncompress.writing import picture, prime
from rnncompress.writing.mixture import Chance
from rnncompress.writing.model import COMPONENTS, WINDOWS, WritingModel, shapes
from rnncompress.writing.network import BEGIN, FURTHEST, PLACE, UNIT, Network, power
from rnncompress.writing.writer import lines, write

CHARACTERS = " abcdefghij"


def untrained(layers: int = 2, hidden: int = 12, spread: float = 0.4, seed: int = 0) -> WritingModel:
    """A model of exact noise: it scrawls, and moves on by some eighth of a character with each point."""
    weights = {}
    for number, (name, shape) in enumerate(shapes(len(CHARACTERS), layers, hidden).items()):
        counter = np.arange(np.prod(shape), dtype=np.uint32)
        weights[name] = noise.normal(noise.key(number, seed), counter).reshape(shape) * np.float32(spread)
    weights["window_bias"][2 * WINDOWS :] = -2
    return WritingModel.of(CHARACTERS, layers, hidden, 0.75, 6.0, weights, {"text": "none"})


@pytest.fixture
def model(folder: Path) -> str:
    """The file of a model."""
    untrained().save(folder / "m.rnnw")
    return "m.rnnw"


def digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def test_points_are_the_same_on_every_machine():
    """These are the points that all machines draw."""
    written = list(write(untrained(), "bad hag\nface", bias=0.5, seed=1))
    points = b"".join(line.points.astype("<i8").tobytes() for line in written)
    assert digest(points) == "1a8ef3b0253a0f69"


def test_another_machine_without_pytorch_writes_the_same(cli, folder, model):
    """Played by a process: numpy without its instruction sets, an old processor for OpenBLAS, no PyTorch."""
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    code = "import sys; sys.modules['torch'] = None; from rnncompress.cli import main; main(sys.argv[1:])"
    arguments = ("write", "bad hag face", "--model", model, "-q")
    environment = {
        "NPY_DISABLE_CPU_FEATURES": " ".join(found),
        "OPENBLAS_CORETYPE": "Prescott",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    other = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | environment,
        capture_output=True,
        check=True,
    )
    assert other.stdout == cli(*arguments).stdout_bytes


def test_the_same_seed_writes_the_same(cli, model):
    """Another seed or bias something else."""
    one, same, other = (
        cli("write", "bad hag face", "--model", model, "--seed", seed, "-q").stdout for seed in "112"
    )
    assert one == same != other
    ElementTree.fromstring(one)
    assert cli("write", "bad hag face", "--model", model, "--seed", "1", "--bias", "2", "-q").stdout != one


def test_windows_only_move_forward():
    """Whatever the weights and the points are."""

    @settings(max_examples=20)
    @given(
        st.integers(0, 1000),
        st.floats(0, 3),
        st.lists(st.integers(-FURTHEST, FURTHEST), min_size=4, max_size=20),
    )
    def check(seed: int, spread: float, numbers: list[int]) -> None:
        network = Network(untrained(1, 5, spread, seed), "abc j")
        for x, y in pairwise(numbers):
            before = network.places.copy()
            network.read(np.array([x, y, UNIT * (x % 2)]))
            assert (network.places >= before).all()
            assert (network.window >= 0).all()

    check()


def test_a_window_sees_the_character_it_is_at():
    """With narrow windows at the second place, the second character counts, and it alone is seen."""
    model = untrained(1, 4, 0.0)
    arrays = dict(model.arrays)
    bias = arrays["window_bias"].copy()
    bias[:WINDOWS] = 0
    bias[WINDOWS : 2 * WINDOWS] = 3 * 2**13
    bias[2 * WINDOWS :] = round(np.log(2) * 2**13)
    network = Network(WritingModel(CHARACTERS, 1, 4, 1.0, 1.0, arrays | {"window_bias": bias}), "abc")
    network.read(BEGIN)
    np.testing.assert_allclose(network.places / PLACE, 2, atol=1e-3)
    np.testing.assert_allclose(network.window / UNIT, [0, 4, 0, 0], atol=1e-3)  # ten times 1, but 4 at most


def test_powers_are_those_of_e():
    """As near as the exact functions are."""
    x = np.linspace(-6, 6, 101).astype(np.float32)
    np.testing.assert_allclose(power(x), np.exp(x), rtol=0.02)


def test_what_is_learnt_in_floats_is_what_the_exact_network_does():
    """PyTorch's outputs along a line are those of the exact network, but for rounding."""
    torch = pytest.importorskip("torch")
    from rnncompress.writing.learner import Learner, Line

    rng = np.random.default_rng(3)
    line = Line("bad hag", [rng.normal(0, 9, (30, 2)), rng.normal(0, 9, (8, 2))])
    learner = Learner(CHARACTERS, [line], 2, 12, 1)
    scale = np.sqrt(np.square(line.steps()[:, :2]).mean())
    steps = line.steps() / [scale, scale, 1]
    points = np.rint(steps * UNIT).astype(np.int64)
    text = torch.zeros(1, 7, len(CHARACTERS))
    text[0, range(7), [CHARACTERS.index(each) for each in line.text]] = 1
    told = learner.outputs(torch.tensor(points / UNIT, dtype=torch.float32)[:, None], text)
    network = Network(learner.model(), line.text)
    exact = np.array([network.read(point) for point in points])
    np.testing.assert_allclose(told[:, 0].detach().numpy(), exact, atol=0.02)


def test_learning_makes_a_line_cheaper():
    """One line, learnt again and again; the model's lengths are those of the line."""
    pytest.importorskip("torch")
    from rnncompress.writing.learner import Learner, Line

    angles = np.linspace(0, 9, 40)
    line = Line("abba", [np.column_stack([4 * angles, 5 * np.sin(angles)])])
    learner = Learner(CHARACTERS, [line], 1, 16, 1)
    before = learner.evaluate([line])
    for _ in range(15):
        learner.learn([line, line], 1e-2)
    assert learner.evaluate([line]) < before - 0.5
    told = learner.model(nats="x")
    assert told.training == {"nats": "x"}
    assert told.length * 4 == pytest.approx(told.step * 39, rel=0.01)


def test_points_are_drawn_as_the_mixture_says():
    """Their means, deviations and correlation are those of the one component that has a weight."""
    outputs = np.zeros(1 + 6 * COMPONENTS, np.float32)
    weight, x, y, log_x, log_y, bend = outputs[1:].reshape(6, COMPONENTS)
    weight[:] = -30
    weight[7], x[7], y[7], log_x[7], log_y[7], bend[7] = 0, 2, -1, np.log(0.5), np.log(0.25), 1.0
    chance = Chance(5)
    points = np.array([chance.point(outputs, np.float32(0)) for _ in range(2000)]) / UNIT
    np.testing.assert_allclose(points.mean(axis=0), [2, -1, 0.5], atol=0.05)
    np.testing.assert_allclose(points[:, :2].std(axis=0), [0.5, 0.25], rtol=0.1)
    assert np.corrcoef(points[:, :2].T)[0, 1] == pytest.approx(np.tanh(1), abs=0.05)
    sharp = np.array([chance.point(outputs, np.float32(1)) for _ in range(500)]) / UNIT
    np.testing.assert_allclose(sharp[:, :2].std(axis=0), np.array([0.5, 0.25]) / np.e, rtol=0.15)


def test_texts_become_lines_at_spaces():
    """Ends of lines stay; a word that is too long is cut."""
    assert lines("a bc  def ghij", 6) == ["a bc", "def", "ghij"]
    assert lines("abcdefg a-b\n\nb", 4) == ["abcd", "efg", "a-b", "", "b"]


def test_lines_need_a_space_between_them():
    """A model without one writes a single line."""
    model = untrained(1, 4)
    arrays = {**model.arrays, "matrix0": model.arrays["matrix0"][:, 1:]}
    spaceless = WritingModel(CHARACTERS[1:], 1, 4, 1.0, 6.0, arrays)
    assert len(list(write(spaceless, "ab", bias=0, seed=0))) == 1
    with pytest.raises(InputError, match="cannot write ' '"):
        list(write(spaceless, "ab\nab", bias=0, seed=0))


def test_writing_ends():
    """A window that never moves is given up after a while; one that runs away ends after a stroke."""
    still = untrained(1, 4, 0.0)
    arrays = dict(still.arrays)
    for moved, most in ((-3, 200), (3, 40)):
        bias = arrays["window_bias"].copy()
        bias[2 * WINDOWS :] = moved * 2**13
        (line,) = write(
            WritingModel(CHARACTERS, 1, 4, 1.0, 6.0, arrays | {"window_bias": bias}), "abc", bias=0, seed=0
        )
        assert 1 <= len(line.points) <= most
        assert line.window.shape == (len(line.points), 4)


def test_later_lines_go_on_in_the_style_of_the_first():
    """What the second line is depends on what the first one was."""
    model = untrained()
    whole = list(write(model, "abc\ndef", bias=0.5, seed=3))
    (alone,) = write(model, "def", bias=0.5, seed=3, prime=whole[0])
    assert [line.text for line in whole] == ["abc", "def"]
    assert alone.window.shape[1] == whole[1].window.shape[1] == 4


def test_a_style_is_brought_to_the_measure_of_the_model(cli, folder, model):
    """However large it is and however dense its points are; and it changes what is written."""
    told = untrained()
    strokes = [ink.line(40), ink.line(25, 60)]
    read = prime.read(told, ink.inkml(strokes), "abc")
    drawn = read.points[:, 2] == 0
    steps = np.hypot(*(read.points[1:, :2] / UNIT).T)[drawn[:-1]]
    assert steps.mean() == pytest.approx(told.step, rel=0.1)
    assert steps.sum() == pytest.approx(3 * told.length, rel=0.1)
    larger = [[(str(7 * int(x)), str(7 * int(y)), t) for x, y, t in stroke] for stroke in strokes]
    np.testing.assert_array_equal(prime.read(told, ink.inkml(larger), "abc").points, read.points)
    (folder / "style.inkml").write_bytes(ink.inkml(strokes))
    plain = cli("write", "ab", "--model", model).stdout
    styled = cli("write", "ab", "--model", model, "--prime", "style.inkml", "--prime-text", "abc")
    assert styled.exit_code == 0, styled.stderr
    assert styled.stdout != plain


def test_bad_styles_are_refused_in_a_line(folder, model, refuses):
    """What is no stroke, what is only dots, a text that the model does not know."""
    (folder / "no.txt").write_bytes(b"no strokes")
    (folder / "dots.inkml").write_bytes(ink.inkml([[("5", "5", str(n)) for n in range(20)]]))
    (folder / "fine.inkml").write_bytes(ink.inkml([ink.line(40)]))
    usual = ("write", "ab", "--model", model, "--prime")
    refuses(1, *usual, "no.txt", "--prime-text", "ab", says="no.txt: no strokes")
    refuses(1, *usual, "dots.inkml", "--prime-text", "ab", says="dots.inkml: .*dots")
    refuses(1, *usual, "fine.inkml", "--prime-text", "xy", says="fine.inkml: it cannot write 'x'")
    refuses(1, *usual, "fine.inkml", "--prime-text", "a\nb", says="one line")
    refuses(1, *usual, "none.inkml", "--prime-text", "ab", says="none.inkml")


def test_characters_that_were_not_learnt_are_named(model, refuses):
    """And those that were."""
    refuses(1, "write", "abü", "--model", model, says="m.rnnw: it cannot write 'ü'.* knows abcdefghij")


def test_the_command_line_is_checked_first(cli, folder, model):
    """No text, a style without its text, two outputs in one file, an output that is the model."""
    for arguments in (
        [""],
        ["ab", "--prime", "x"],
        ["ab", "-o", "a.svg", "--window", "a.svg"],
        ["ab", "--bias", "-1"],
        ["ab", "--bias", "x"],
    ):
        assert cli("write", *arguments, "--model", model).exit_code == 2, arguments
    done = cli("write", "ab", "--model", model, "-o", model, "-f")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    WritingModel.load(folder / model)


def test_both_pictures_are_written(cli, folder, model):
    """The lines, and the window below each other; what is there is kept without -f."""
    arguments = ("write", "abc\n\ndef", "--model", model, "-o", "a.svg", "--window", "w.svg")
    assert cli(*arguments).exit_code == 0
    window = ElementTree.parse(folder / "w.svg").getroot()
    assert [each.text for each in window.findall(".//{*}text")] == list("abcdef")
    assert ElementTree.parse(folder / "a.svg").getroot().findall(".//{*}path")
    again = cli(*arguments)
    assert (again.exit_code, "exists" in again.stderr) == (1, True)


def test_dots_are_drawn():
    """A stroke of one point is a dot, not an empty path."""
    (line,) = write(untrained(), "abc", bias=0.5, seed=0)
    points = line.points.copy()
    points[:, 2] = UNIT
    dots = picture.lines([type(line)(line.text, points, line.window)])
    assert dots.count("<circle") == len(points)


def test_a_model_comes_back_from_its_file():
    """All of it, and another one has another digest."""
    model = untrained()
    again = WritingModel.from_bytes(model.to_bytes())
    assert (again.digest, again.training, again.characters) == (model.digest, model.training, CHARACTERS)
    assert untrained(seed=1).digest != model.digest
    assert np.abs(model.arrays["matrix0"]).max() <= grid.WEIGHT_MAX


def test_damaged_models_are_refused(folder, cli, refuses, model):
    """A changed byte, a part of it, another kind of model, a newer one: one line."""
    data = (folder / model).read_bytes()
    for damaged in (
        data[:-1],
        data[:-1] + bytes([data[-1] ^ 1]),
        data.replace(b'\\"hidden\\":12', b'\\"hidden\\":13'),
        data.replace(b'\\"layers\\":2', b'\\"layers\\":0'),
        data.replace(b'\\"length\\":6.0', b'\\"length\\":NaN'),
        data.replace(b" abcdefghij", b" abcdefghii"),
        data[:40],
        b"",
        b"\xff" * 99,
    ):
        with pytest.raises(ModelError, match="the model"):
            WritingModel.from_bytes(damaged)
    with pytest.raises(VersionError):
        WritingModel.from_bytes(data.replace(b'\\"version\\":1', b'\\"version\\":2'))
    (folder / "other.txt").write_bytes(b"other")
    refuses(1, "write", "ab", "--model", "other.txt", says="other.txt is no model that writes")
    refuses(1, "write", "ab", "--model", "none", says="none")


def test_info_tells_of_a_model_that_writes(cli, folder, model):
    """Sizes, characters, training and digest, in words and as JSON, also beside other files."""
    shown = cli("info", model).stdout
    for fact in ("2 layers of 12 units", "11:  abcdefghij", "text: none", untrained().digest.hex()):
        assert fact in shown
    told = json.loads(cli("info", model, "--json").stdout)
    assert told["model_digest"] == untrained().digest.hex()
    assert (told["characters"], told["layers"], told["hidden"]) == (CHARACTERS, 2, 12)
    assert told["training"] == {"text": "none"}
    assert told["weights"] == sum(np.prod(shape) for shape in shapes(len(CHARACTERS), 2, 12).values())
    assert told["model_bytes"] == (folder / model).stat().st_size


@pytest.mark.parametrize("command", ["sample", "evaluate", "encode", "decode", "train"])
def test_a_model_that_writes_is_no_model_for_files(folder, model, refuses, command):
    """Each command says in a line what it is, and where the right one comes from."""
    (folder / "text").write_bytes(b"some text " * 20)
    arguments = {
        "sample": ["--model", model],
        "evaluate": ["text", "--model", model],
        "encode": ["text", "--model", model],
        "decode": [model, "-o", "out"],
        "train": ["text", "--start", model, "-o", "new.rnnm"],
    }[command]
    refuses(1, command, *arguments, says="m.rnnw.* a model that writes, which `rnncompress write` takes")
    assert not (folder / "new.rnnm").exists()


def test_a_model_for_files_does_not_write(folder, refuses):
    """And is told so."""
    models.trained().save(folder / "files.rnnm")
    refuses(1, "write", "ab", "--model", "files.rnnm", says="files.rnnm is a model for files")
    refuses(1, "decode", "files.rnnm", "-o", "out", says="files.rnnm.* it is a model for files")


def test_a_style_has_a_text():
    """The text of a style is one line with something in it."""
    with pytest.raises(InputError, match="one line"):
        prime.read(untrained(), b"", " ")


def test_lines_of_hershey_have_all_characters(monkeypatch):
    """The benchmark writes all printable ASCII, and strokes end where they should."""
    pytest.importorskip("HersheyFonts")
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "benchmarks"))
    import handwriting

    rng = np.random.default_rng(0)
    writer = handwriting.Writer(["futural"])
    strokes = writer.write(handwriting.PRINTABLE, handwriting.Hand.drawn(["futural"], rng), rng)
    assert len(strokes) > 94
    assert all(len(stroke) >= 1 and np.isfinite(stroke).all() for stroke in strokes)
    batches = handwriting.pool(handwriting.Texts("some words to take " * 9, rng), writer, 12, rng)
    assert sum(map(len, batches)) == handwriting.POOL
    assert all(1 <= len(line.text) <= 12 for batch in batches for line in batch)
