"""Decode files that an enemy made, and make sure that nothing but an error of ours or bytes come out.

    python tests/tools/fuzz.py --cases 10000
    python tests/tools/fuzz.py --atheris --seconds 300

Every case is a file; checksums are made right again after most mutations, so that the code behind them is reached.
All other exceptions, tracebacks, native crashes, cases that take long, and memory beyond what the header announces
end the script with 1 and leave the case in ``fuzz-failure.rnnc``.
"""

import argparse
import io
import random
import resource
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from rnncompress import codec, container, forms, limits, lstm
from rnncompress.config import CELLS, Config, varint
from rnncompress.container import MODEL_HASH, Header
from rnncompress.errors import RnncompressError
from rnncompress.forms import Packed
from rnncompress.model import Model
from rnncompress.use import LEARNING, Use
from rnncompress.vocabulary import Vocabulary

TEXT = (Path(__file__).parents[2] / "corpora" / "sample.txt").read_bytes()
MEMORY = 64 << 20
"""What a file may ask for."""
SLOWEST = 20.0
"""Seconds that a case may take: the largest model of MEMORY bytes, LONGEST symbols."""
LONGEST = 1 << 10
"""Symbols of a file that is decoded; longer ones are sound, but take as long as they say."""
SMALL = Config(layers=1, hidden=16, streams=2, window=4, contexts=0b10, context_bits=4)
SEEDS = [
    SMALL,
    SMALL.replace(cell="rnn", streams=1, contexts=0),
    SMALL.replace(streams=70, lanes=4, layers=2, window=2),
]
DRAWING = (
    b"START\n" + b"".join(b"%d,%d.5,%d\n" % (n * n % 13, 3 * n % 7, 8 * n) for n in range(40)) + b"BREAK\n"
)
WORDS = b" ".join([b"a word", b"The Word", b"other WORDS", b"\xc3\xa9t@"][n % 4] for n in range(80))
"""What is coded as words, with ``SMALL``."""
STROKES = [SMALL.replace(contexts=0, components=2, window=6)]
"""With what :data:`DRAWING` is coded."""
MODEL = Model.of(SMALL, Vocabulary(), lstm.build(SMALL, 1).state(), {})
"""The trained model that is at hand whenever a file is decoded."""

Mutation = Callable[[random.Random], bytes]


def packed(
    config: Config,
    data: bytes,
    model: Model | None = None,
    coded: bytes | None = None,
    form: container.Form = "strokes",
) -> bytes:
    """A sound file, but for what is ``coded`` in place of ``data``, if that is not what packing made of it."""
    target, given = io.BytesIO(), None if coded is None else Packed(form, io.BytesIO(coded))
    codec.encode(io.BytesIO(data), target, config, model=model, packed=given, engine="cpu")
    return target.getvalue()


def packing_of(data: bytes, form: container.Form) -> bytes:
    """What is coded in place of ``data``."""
    found = forms.pack(io.BytesIO(data), form, for_strokes=None, trained=False)
    assert found is not None
    with found.file as file:
        file.seek(0)
        return file.read()


def framed(body: bytes, version: int = container.VERSION) -> bytes:
    """A header around ``body``, with the right checksum."""
    start = container.MAGIC + bytes([version, len(body)]) + body
    return start + zlib.crc32(start).to_bytes(4, "little")


def whole(header: bytes, payloads: list[list[bytes]]) -> bytes:
    """A file of a header without checksum and blocks, each of a part for each lane, all checksums right."""
    crc = zlib.crc32(header)
    pieces = [header, crc.to_bytes(4, "little")]
    for payload in payloads:
        block = b"".join([*(varint(len(part) // container.WORD) for part in payload), *payload])
        crc = zlib.crc32(block, crc)
        pieces += [block, crc.to_bytes(4, "little")]
    return b"".join(pieces)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """A few bytes flipped, removed, repeated, or replaced by extreme ones."""
    content = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content) + 1)
        kind = rng.randrange(5)
        if kind == 0 and at < len(content):
            content[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del content[at : at + rng.randint(1, 9)]
        elif kind == 2:
            content[at:at] = content[at : at + rng.randint(1, 30)]
        elif kind == 3:
            content[at : at + 4] = rng.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x80\x80\x80\x80"])
        else:
            content[at:at] = rng.randbytes(rng.randint(1, 8))
    return bytes(content)


def in_words(data: bytes) -> bytes:
    """Its whole words of the coder."""
    return data[: len(data) // container.WORD * container.WORD]


def number(rng: random.Random) -> int:
    """A small number, a power of two or one beside it, or any."""
    return rng.choice(
        [rng.randrange(20), max(0, (1 << rng.randrange(34)) + rng.randint(-1, 1)), rng.randrange(1 << 32)]
    )


def any_config(rng: random.Random) -> Config:
    """A sound small configuration with up to two fields of any value."""
    config = Config(
        cell=rng.choice(CELLS),
        layers=rng.randint(1, 3),
        hidden=16 * rng.randint(1, 3),
        streams=(streams := rng.randint(1, 40)),
        lanes=rng.randint(1, min(streams, 8)),
        window=2 * rng.randint(1, 8),
        rate_first=rng.randrange(5_000_000),
        horizon=rng.randint(1, 2000),
        contexts=2 * rng.randrange(1 << 25) if rng.random() < 0.3 else 0,
        context_bits=rng.randint(1, 12),
    )
    names = [field.name for field in fields(Config) if field.name != "cell"]
    return config.replace(**{rng.choice(names): number(rng) for _ in range(rng.choice([0, 0, 1, 2]))})


def parts(blob: bytes) -> tuple[bytes, list[list[bytes]]]:
    """Header without checksum, and payloads, of a sound file."""
    source = io.BytesIO(blob)
    size = container.inspect(source).size
    return blob[: size - 4], list(container.payloads(source))


def cases(rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Endless files, with the name of what was done to them."""
    sound = [packed(config, b"Knuth " * rng.randint(100, 170)) for config in SEEDS for _ in range(3)]
    sound += [packed(SMALL.replace(streams=streams), b"Knuth " * 150, MODEL) for streams in (1, 2, 5)]
    strokes, words = packing_of(DRAWING, "strokes"), packing_of(WORDS, "words")
    sound += [packed(config, DRAWING, coded=strokes) for config in STROKES]
    sound += [packed(SMALL, WORDS, coded=words, form="words")]
    sound.append(packed(SMALL, DRAWING, MODEL, strokes))
    while True:
        blob = rng.choice(sound)
        header, payloads = parts(blob)
        yield "any bytes changed", mutated(blob, rng)
        yield "header changed, checksums right", whole(mutated(header, rng), payloads)
        yield "body changed, frame right", framed(mutated(header[6:], rng)[:255]) + blob[len(header) + 4 :]
        yield (
            "payload changed, checksums right",
            whole(header, [[in_words(mutated(part, rng)) for part in payload] for payload in payloads]),
        )
        noise = rng.randbytes(4 * rng.randint(0, 300))
        yield (
            "payload of noise, checksums right",
            whole(header, [[noise for _ in payload] for payload in payloads]),
        )
        config, length = any_config(rng), rng.choice([rng.randint(1, LONGEST), number(rng)])
        invented = container._frame(Header("model", length, rng.randbytes(16), config))
        lanes = [noise] * min(config.lanes, len(noise))
        yield "model invented, payload of noise", whole(invented, [lanes] * rng.randint(0, 3))
        yield "model invented, payload of text", whole(invented, payloads)
        learning = tuple(getattr(config, name) for name in LEARNING)
        used = Use(config.streams, config.window, config.lanes, rng.choice([0, config.frozen]), learning)
        trained = Header("trained", length, rng.randbytes(16), None, MODEL.digest[:MODEL_HASH], used)
        yield "learning of the trained model invented", whole(container._frame(trained), payloads)
        yield "strokes changed", packed(rng.choice(STROKES), DRAWING, coded=mutated(strokes, rng))
        yield "words changed", packed(SMALL, WORDS, coded=mutated(words, rng), form="words")
        yield "stored, changed", mutated(framed(bytes([1]) + header[7:]) + TEXT[:300], rng)


def attempt(blob: bytes) -> str:
    """Decode and verify; the kind of error, or "decoded". Anything unexpected is raised."""
    try:
        header = container.inspect(io.BytesIO(blob))
        if header.length > LONGEST and limits_allow(header):
            container.verify(io.BytesIO(blob))
            return "announces long work, not done"
        codec.decode(io.BytesIO(blob), io.BytesIO(), model=MODEL, memory_limit=MEMORY)
    except RnncompressError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return type(error).__name__
    return "decoded"


def limits_allow(header: Header) -> bool:
    """Whether the header keeps the memory limit."""
    config = header.use.config(MODEL.config, header.length) if header.use else header.config
    return config is None or limits.announced_memory(config, trained=header.use is not None) <= MEMORY


def peak() -> int:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(count: int, seed: int) -> None:
    """``count`` cases by random mutation."""
    rng = random.Random(seed)
    outcomes: Counter[str] = Counter()
    done: Counter[str] = Counter()
    source = cases(rng)
    next(source)
    before, slowest = peak(), 0.0
    for _ in range(count):
        kind, blob = next(source)
        began = time.monotonic()
        try:
            outcomes[attempt(blob)] += 1
            slowest = max(slowest, time.monotonic() - began)
            assert time.monotonic() - began < SLOWEST, "too slow"
            assert peak() - before < MEMORY, "too much memory"
        except BaseException:
            Path("fuzz-failure.rnnc").write_bytes(blob)
            print(f"seed {seed}, {kind}: see fuzz-failure.rnnc", file=sys.stderr)
            raise
        done[kind] += 1
    for title, table in (("cases", done), ("outcomes", outcomes)):
        print(f"{title}: " + ", ".join(f"{name} {times}" for name, times in table.most_common()))
    print(f"slowest case {slowest:.1f} s, memory grew by {(peak() - before) >> 20} MiB of {MEMORY >> 20} MiB")


def run_atheris(seconds: int) -> None:
    """As long as given, by mutations that atheris guides to new code."""
    import atheris

    for module in (container, codec, limits):
        for name, value in list(vars(module).items()):
            if (
                callable(value)
                and getattr(value, "__module__", "") == module.__name__
                and not isinstance(value, type)
            ):
                setattr(module, name, atheris.instrument_func(value))

    def one(data: bytes) -> None:
        attempt(data)
        if len(data) > 20:  # the same behind the checksums
            size = 1 + data[0] % 64
            attempt(
                whole(
                    container.MAGIC + bytes([container.VERSION, len(data[1:size])]) + data[1:size],
                    [data[size:]],
                )
            )

    corpus = Path("fuzz-corpus")
    corpus.mkdir(exist_ok=True)
    for number_, config in enumerate(SEEDS):
        (corpus / f"seed{number_}").write_bytes(packed(config, b"Knuth " * 100))
    atheris.Setup(
        [sys.argv[0], str(corpus), f"-max_total_time={seconds}", "-max_len=600", "-print_final_stats=1"], one
    )
    atheris.Fuzz()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--atheris", action="store_true", help="guided by coverage, instead of --cases")
    parser.add_argument("--seconds", type=int, default=120, help="for --atheris")
    options = parser.parse_args()
    if options.atheris:
        run_atheris(options.seconds)
    else:
        run(options.cases, options.seed)
