"""What the benchmark measures: inputs, libraries, external programs, and the choice among them."""

import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress import corpora
from rnncompress.bench import codecs, external, inputs
from rnncompress.bench.library import LIBRARIES
from rnncompress.errors import InputError

HERE = [name for name, library in LIBRARIES.items() if library.here]


@pytest.mark.parametrize("name", HERE)
@settings(max_examples=15, deadline=None)
@given(data=st.one_of(st.binary(max_size=300), st.binary(max_size=9).map(lambda piece: piece * 500)))
def test_libraries_round_trip(name, data):
    """What each library packs, at its usual levels, it unpacks to the same bytes."""
    library = LIBRARIES[name]
    module = library.load()
    for level in library.usual:
        assert library.decode(module, library.encode(module, data, level)) == data


def test_levels_change_the_result():
    """The level reaches the compressor."""
    library = LIBRARIES["gzip"]
    data = bytes(range(256)) * 40 + b"text" * 99
    packed = {library.encode(library.load(), data, level) for level in library.usual}
    assert len(packed) == len(library.usual)


def test_python_alone_is_enough():
    """gzip, bzip2 and xz need no extra."""
    assert {"gzip", "bzip2", "xz"} <= set(HERE)


def test_our_table_is_sound():
    """Every program of the table says what to run, and reads and writes the right files."""
    for program in external.load():
        encode, decode = program.commands(program.usual[0])
        assert "{input}" in encode
        assert "{packed}" in decode
        assert set(program.usual) <= set(program.levels)
        assert "{level}" not in " ".join(encode)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[x", "is not TOML"),
        ("[x]\nlabel = 'x'", r"\[x\]: an entry needs decode, encode, label, programs"),
        ("[x]\nlabel='x'\nprograms=['x']\nencode='x'\ndecode=[]", "encode must be a list of texts"),
        ("[x]\nlabel='x'\nprograms=['x']\nencode=[]\ndecode=[]\ncolour='red'", "colour is not a field"),
    ],
)
def test_wrong_tables_are_told(tmp_path, text, says):
    """A table with a mistake ends in one line that names file, entry and field."""
    table = tmp_path / "mine.toml"
    table.write_text(text)
    with pytest.raises(InputError, match=says):
        external.load([table])


def known() -> dict[str, codecs.Family]:
    """All families on the CPU."""
    return codecs.families("cpu", 1)


def labels(*names: str, levels: tuple[str, ...] = (), presets: tuple[str, ...] = ()) -> list[str]:
    """What is selected, as labels."""
    selected = codecs.select(known(), names, levels, presets)
    return [family.codec(level, 1000).label for family, level in selected]


def test_selection():
    """Names choose families, levels hold for all but ours, presets for ours alone."""
    assert labels("gzip", levels=("3", "6")) == ["gzip -3", "gzip -6"]
    assert labels("xz", "gzip", levels=("9e",)) == ["xz -9e"]
    assert labels("gzip", presets=("fast",)) == ["gzip -1", "gzip -9", "rnncompress fast"]
    assert labels("rnncompress") == ["rnncompress default", "rnncompress fast"]
    everything = labels()
    assert {"gzip -9", "xz -9e", "bzip2 -9", "rnncompress default"} <= set(everything)
    with pytest.raises(ValueError, match="no codec is called 'rar'"):
        labels("rar")
    with pytest.raises(ValueError, match="none of the codecs asked for has the level '77'"):
        labels("gzip", levels=("77",))


def test_missing_programs_are_left_out_unless_asked_for(monkeypatch):
    """Without a PATH no external program is selected, but one that is named is."""
    monkeypatch.setenv("PATH", "")
    assert not {family.name for family, _ in codecs.select(known(), [], [], [])} & {"zpaq", "cmix"}
    [(family, _)] = codecs.select(known(), ["cmix"], [], [])
    assert family.missing == "cmix is not on the PATH"


def read(source: inputs.Source) -> tuple[inputs.Input, bytes]:
    """The input and its bytes."""
    content = bytearray()
    return source.read(content.extend), bytes(content)


def no_fetching(corpus: corpora.Corpus) -> None:
    """No test needs the network."""
    raise AssertionError(corpus)


def test_files_folders_and_the_sample(folder):
    """A name means a file, all files below a folder, or a corpus; each knows what it is."""
    Path("a").write_bytes(b"1234")
    Path("dir/below").mkdir(parents=True)
    Path("dir/x").write_bytes(b"x")
    Path("dir/below/y").write_bytes(b"")
    found = [read(source) for source in inputs.find(["a", "dir", "a", "sample"], None, no_fetching)]
    assert [(each.name, each.group, each.bytes, each.corpus) for each, _ in found] == [
        ("a", None, 4, None),
        ("dir/below/y", "dir", 0, None),
        ("dir/x", "dir", 1, None),
        ("sample.txt", None, 42_165, "sample"),
    ]
    assert found[0][1] == b"1234"


def test_slices_are_marked(folder):
    """A prefix is read as such, and marked unless the file ends there anyway."""
    Path("a").write_bytes(b"12345678")
    found = {prefix: read(*inputs.find(["a"], prefix, no_fetching)) for prefix in (3, 8, 99)}
    assert {prefix: (each.bytes, each.slice, content) for prefix, (each, content) in found.items()} == {
        3: (3, True, b"123"),
        8: (8, False, b"12345678"),
        99: (8, False, b"12345678"),
    }


def test_published_files_are_known_by_their_content(folder):
    """A copy of a corpus under another name is known, a file of the same length is not."""
    sample = corpora.get("sample")
    content = sample.path(sample.files[0]).read_bytes()
    Path("copy").write_bytes(content)
    Path("other").write_bytes(content[:-1] + b"?")
    known = [read(source)[0].corpus for source in inputs.find(["copy", "other"], None, no_fetching)]
    assert known == ["sample", None]


def test_unknown_names_are_told(folder):
    """What is neither a file nor a corpus, and an empty folder, are errors."""
    Path("empty").mkdir()
    for name in ("nothing", "empty"):
        with pytest.raises(InputError, match=name):
            inputs.find([name], None, no_fetching)


def test_ppmd_files_decode_without_options():
    """What the order and length are stands in the file itself: the size counts everything."""
    library = LIBRARIES["ppmd"]
    if not library.here:
        pytest.skip("needs pyppmd")
    packed = library.encode(library.load(), b"abc" * 100, "16")
    assert packed[0] == 16
    assert library.decode(library.load(), packed) == b"abc" * 100
    assert zlib.crc32(packed[13:])
