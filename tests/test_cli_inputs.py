"""Several inputs, folders, and where outputs go: the habits of other compressors."""

import json
import os
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from rnncompress.cli import ALIASES, COMMANDS, LETTERS


@pytest.fixture
def texts(folder: Path, text: bytes) -> list[str]:
    """Three files of the current folder."""
    names = ["eins.txt", "zwei.txt", "drei ü.txt"]
    for n, name in enumerate(names, 1):
        (folder / name).write_bytes(text[: 200 * n])
    return names


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_several_inputs_get_a_line_each_and_a_total(cli, folder, texts):
    """Each has its output beside it; the total counts files and bytes."""
    result = cli("encode", *texts)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == [f"{name} → {name}.rnnc" for name in texts]
    assert lines[3].startswith("3 files: 1,200 → ")
    assert names_in(folder) == sorted([*texts, *(f"{name}.rnnc" for name in texts)])


def test_a_failure_stops_no_other_and_shows_in_the_exit_code(cli, folder, texts):
    """What failed is told as it happens, and counted; the exit code is the highest of theirs."""
    result = cli("encode", texts[0], "fehlt", texts[1])
    assert result.exit_code == 1
    assert result.stderr == "rnncompress: error: cannot read fehlt: No such file or directory\n"
    assert result.stdout.splitlines()[-1].endswith(", 1 failed")
    assert (folder / f"{texts[1]}.rnnc").exists()
    result = cli("decode", texts[1], f"{texts[0]}.rnnc", "-f")
    assert (result.exit_code, "does not end in .rnnc; name the output with -o" in result.stderr) == (2, True)
    assert result.stdout.splitlines()[-1].startswith("1 file: ")


def test_one_document_for_several_inputs(cli, folder, texts):
    """--json and --report hold all of them, those that failed too."""
    result = cli("encode", texts[0], "fehlt", "--json", "--report", "Bericht.json")
    document = json.loads(result.stdout)
    assert document == json.loads(Path("Bericht.json").read_text())
    assert [each["input"] for each in document["files"]] == texts[:1]
    assert document["failed"] == [
        {"input": "fehlt", "error": "cannot read fehlt: No such file or directory", "exit_code": 1}
    ]
    assert document["total"]["original_bytes"] == 200


def test_outputs_in_a_folder(cli, folder, texts, text):
    """-o FOLDER/ takes the outputs of one input or of several, both ways; the folder is made."""
    assert cli("encode", *texts, "-o", "gepackt/").exit_code == 0
    assert names_in(folder / "gepackt") == sorted(f"{name}.rnnc" for name in texts)
    packed = [folder / "gepackt" / f"{name}.rnnc" for name in texts]
    assert cli("decode", *packed, "-o", "wieder/").exit_code == 0
    assert (folder / "wieder" / texts[2]).read_bytes() == text[:600]
    assert cli("encode", texts[0], "-o", "gepackt", "-f").exit_code == 0


def test_the_files_in_a_folder_each_on_its_own(cli, folder, text):
    """-r takes files in folders, but neither links nor what is compressed already; the tree is kept below -o."""
    (folder / "Baum" / "Ast").mkdir(parents=True)
    for name in ("Baum/b", "Baum/Ast/a"):
        (folder / name).write_bytes(text[:100])
    (folder / "Baum" / "l").symlink_to("b")
    assert cli("encode", "-r", "Baum", "-o", "neu/").exit_code == 0
    assert names_in(folder / "neu") == ["Baum/Ast/a.rnnc", "Baum/b.rnnc"]
    assert cli("encode", "-r", "Baum", "--rm").exit_code == 0
    assert names_in(folder / "Baum") == ["Ast/a.rnnc", "b.rnnc"]
    assert cli("encode", "-r", "Baum").exit_code == 1, "nothing is left to do"
    assert cli("verify", "-r", "Baum").exit_code == 0
    assert cli("info", "-r", "Baum", "--json").exit_code == 0
    assert cli("decode", "-r", "Baum", "--rm").exit_code == 0
    assert names_in(folder / "Baum") == ["Ast/a", "b", "l"]


def test_the_input_goes_only_if_asked_and_only_when_the_output_is_safe(cli, folder, texts):
    """--rm removes it; -k after that keeps it; a failure keeps it."""
    assert cli("encode", texts[0], "--rm", "-k").exit_code == 0
    assert (folder / texts[0]).exists()
    assert cli("encode", texts[0], "--rm").exit_code == 1, "the output is there already"
    assert (folder / texts[0]).exists()
    assert cli("encode", texts[0], "--rm", "-f").exit_code == 0
    assert not (folder / texts[0]).exists()
    assert cli("decode", f"{texts[0]}.rnnc", "--rm").exit_code == 0
    assert (folder / texts[0]).exists()
    assert not (folder / f"{texts[0]}.rnnc").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["encode", "eins.txt", "zwei.txt", "-o", "neu"],
        ["encode", "eins.txt", "zwei.txt", "-c"],
        ["encode", "eins.txt", "-c", "--rm"],
        ["decode", "a.rnnc", "b.rnnc", "-o", "neu"],
        ["decode", "a.rnnc", "--extract", "-c"],
        ["verify", "a.rnnc", "b.rnnc", "--against", "eins.txt"],
        ["encode"],
    ],
)
def test_options_that_make_no_sense_together(cli, folder, texts, arguments):
    """They end with 2 and change nothing."""
    before = names_in(folder)
    assert cli(*arguments).exit_code == 2
    assert names_in(folder) == before


def test_several_outputs_in_one_pipe(cli, folder, texts, text):
    """decode -c of several files writes one after the other, and nothing else to stdout."""
    cli("encode", *texts, "-q")
    result = cli("decode", "-c", *(f"{name}.rnnc" for name in texts))
    assert result.stdout_bytes == text[:200] + text[:400] + text[:600]
    assert "3 files" in result.stderr


def test_going_on_with_several(cli, folder, texts):
    """--resume skips what is done and begins what was not begun."""
    cli("encode", texts[0], "-q")
    before = (folder / f"{texts[0]}.rnnc").stat().st_mtime_ns
    result = cli("encode", *texts, "--resume")
    assert result.exit_code == 0
    assert result.stderr == f"rnncompress: {texts[0]}.rnnc is there already\n"
    assert (folder / f"{texts[0]}.rnnc").stat().st_mtime_ns == before
    assert (folder / f"{texts[2]}.rnnc").exists()


def test_names_and_letters_that_people_try(cli, folder, texts):
    """compress, decompress, test, list, and -z, -d, -t, -l, also with other letters."""
    known = {name for group in COMMANDS.values() for name in group}
    assert set(ALIASES.values()) <= known
    assert set(LETTERS.values()) <= known
    name = texts[0]
    assert cli("compress", name).exit_code == 0
    for arguments in (["test"], ["-t"], ["list"], ["-l"], ["decompress", "-f"], ["-df"], ["-fdq"], ["-dc"]):
        assert cli(*arguments, f"{name}.rnnc").exit_code == 0, arguments
    assert cli("-zf", name).exit_code == 0
    assert cli("-V").stdout == cli("--version").stdout


def test_a_folder_as_one_file(cli, folder, text):
    """FOLDER becomes FOLDER.tar.rnnc; what comes back is a tar, or with --extract the files."""
    (folder / "Baum" / "Ast").mkdir(parents=True)
    (folder / "Baum" / "b").write_bytes(text)
    (folder / "Baum" / "Ast" / "lauf").write_bytes(text[:99])
    (folder / "Baum" / "Ast" / "lauf").chmod(0o700)
    (folder / "Baum" / "l").symlink_to("b")
    assert cli("encode", "Baum/").exit_code == 0
    packed = folder / "Baum.tar.rnnc"
    assert packed.stat().st_mode & 0o077 == 0, "nobody reads it who may not read all that is in it"
    tar = tarfile.open(fileobj=BytesIO(cli("decode", "-c", packed).stdout_bytes))  # noqa: SIM115
    assert tar.getnames() == ["Baum", "Baum/Ast", "Baum/Ast/lauf", "Baum/b", "Baum/l"]
    assert {(member.uid, member.gid, member.uname) for member in tar} == {(0, 0, "")}
    assert cli("decode", "--extract", packed, "-o", "neu/").exit_code == 0
    assert (folder / "neu/Baum/Ast/lauf").read_bytes() == text[:99]
    assert (folder / "neu/Baum/Ast/lauf").stat().st_mode & 0o100
    assert (folder / "neu/Baum/l").readlink() == Path("b")
    result = cli("decode", "--extract", packed, "-o", "neu/")
    assert (result.exit_code, "exists already" in result.stderr) == (1, True)
    assert cli("decode", "--extract", packed, "-o", "neu/", "-f").exit_code == 0
    assert cli("encode", "Baum", "-o", "Baum/b.rnnc").exit_code == 1, "the output would be in its own input"


def test_a_folder_is_the_same_file_wherever_it_is(cli, folder, text, tmp_path):
    """Neither the order of the file system nor its other attributes matter."""
    packed = []
    for place, order in (("hier", "ab"), ("dort", "ba")):
        root = folder / place / "Baum"
        root.mkdir(parents=True)
        for name in order:
            (root / name).write_bytes(text)
            (root / name).chmod(0o640 if place == "hier" else 0o600)
        for path in (root / "a", root / "b", root):
            os.utime(path, (1e9, 1e9))
        assert cli("encode", f"{place}/Baum").exit_code == 0
        packed.append((folder / place / "Baum.tar.rnnc").read_bytes())
    assert packed[0] == packed[1]


def member(name: str, **fields: object) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(found, field, value)
    return found


@pytest.mark.parametrize(
    "bad",
    [
        member("../heraus"),
        member("ein/../../heraus"),
        member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("link", type=tarfile.SYMTYPE, linkname="../heraus"),
        member("link", type=tarfile.LNKTYPE, linkname="../heraus"),
        member("gerät", type=tarfile.CHRTYPE),
    ],
)
def test_nothing_leaves_the_folder(cli, folder, bad):
    """A member that would, or that is a device, has nothing extracted at all."""
    content = BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        tar.addfile(member("gut"))
        tar.addfile(bad)
    (folder / "böse.tar").write_bytes(content.getvalue())
    assert cli("encode", "böse.tar", "-q").exit_code == 0
    result = cli("decode", "--extract", "böse.tar.rnnc", "-o", "neu/")
    assert result.exit_code == 1
    assert "it is not extracted" in result.stderr
    assert names_in(folder) == ["böse.tar", "böse.tar.rnnc"]


def test_what_is_no_tar_is_not_extracted(cli, folder, texts):
    """One line says how to have the bytes."""
    cli("encode", texts[0], "-q")
    result = cli("decode", "--extract", f"{texts[0]}.rnnc", "-o", "neu/")
    assert (result.exit_code, "decode it without --extract" in result.stderr) == (1, True)
