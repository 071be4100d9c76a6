"""How formats write the points of a stroke: recognised by content, told as the texts that stand between numbers.

A file is scanned, and never parsed as XML or JSON: entities are not expanded, and what is malformed is text as well.
"""

import re
from collections import Counter
from typing import Final

NUMBER: Final = rb"-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,9})?"
"""A decimal number in its usual form: without exponent, plus sign or leading zeros."""

Spelling = tuple[bytes, ...]
"""What stands behind each number of a point, k texts; the last leads to the next point."""

_POINT: Final = NUMBER + rb"(?:%s" + NUMBER + rb"){1,7}"
_DIALECTS: Final = (
    # Omniglot: START, then lines x,y,t, and BREAK behind each stroke.
    rb"START(?:\r?\n)(?P<point>" + _POINT % rb"," + rb")(?P<join>\r?\n)(?=" + NUMBER + rb",)",
    # IAM-OnDB: <Point x="1" y="2" time="3"/>; the names are those of the file.
    rb'(?<=<Point x=")(?P<point>'
    + _POINT % rb'" [a-z]{1,12}="'
    + rb')(?P<join>"\s{0,9}/>\s{0,64}<Point x=")',
    # InkML: <trace>1 2 3, 4 5 6</trace>
    rb"<trace\b[^<>]{0,999}>\s{0,64}(?P<point>" + _POINT % rb"[ \t]{1,9}" + rb")(?P<join>\s{0,9},\s{0,64})",
    # JSON: [[1, 2, 3], [4, 5, 6]]
    rb"\[\s{0,9}\[\s{0,9}(?P<point>"
    + _POINT % rb",\s{0,9}"
    + rb")(?P<join>\s{0,9}\]\s{0,9},\s{0,64}\[\s{0,9})",
)
_SAMPLES: Final = 64
"""Strokes that are looked at."""


def recognise(text: bytes) -> list[Spelling]:
    """The spellings that ``text`` may have, the most frequent of each format; none if it holds no strokes."""
    found = []
    for pattern in _DIALECTS:
        seen: Counter[Spelling] = Counter()
        for number, match in enumerate(re.finditer(pattern, text)):
            between = re.split(NUMBER, match["point"])[1:-1]
            seen[*between, match["join"]] += 1
            if number >= _SAMPLES:
                break
        if seen:
            found.append(seen.most_common(1)[0][0])
    return found
