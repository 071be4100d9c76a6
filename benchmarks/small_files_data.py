"""Many small, similar files: sessions of a web shop, one JSON document a line, made from a seed.

Every file holds the events of one session: who it was and what was looked at recurs within the file, the form of the
events recurs in all files, times and identifiers recur nowhere.
"""

import json
import random
from collections.abc import Sequence
from typing import Any, Final, TypeVar

_FIRST: Final = (
    "Ada",
    "Alan",
    "Barbara",
    "Claude",
    "Donald",
    "Edsger",
    "Emmy",
    "Frances",
    "Grace",
    "John",
    "Ken",
)
_LAST: Final = (
    "Allen",
    "Dijkstra",
    "Hamilton",
    "Hopper",
    "Johnson",
    "Knuth",
    "Lamport",
    "Liskov",
    "Noether",
    "Shannon",
)
_COUNTRIES: Final = ("AT", "BR", "CA", "DE", "ES", "FR", "GB", "IN", "JP", "NL", "NO", "PL", "SE", "US")
_AGENTS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0",
    "ShopApp/4.2 (Android 14)",
)
_THINGS: Final = (
    "kettle",
    "teapot",
    "lamp",
    "desk",
    "chair",
    "rug",
    "clock",
    "mirror",
    "shelf",
    "vase",
    "basket",
)
_MATERIALS: Final = (
    "copper",
    "oak",
    "linen",
    "steel",
    "wool",
    "glass",
    "bamboo",
    "walnut",
    "ceramic",
    "velvet",
)
_PROBLEMS: Final = (
    ("payment.declined", 402, "the card issuer declined the payment"),
    ("stock.missing", 409, "fewer items in stock than were ordered"),
    ("upstream.timeout", 504, "no answer from the warehouse within 3000 ms"),
)

Item = TypeVar("Item")


class Dice:
    """Chance from a seed. Only ``random()`` promises the same numbers in every version of Python."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, limit: int) -> int:
        """An integer from 0 to below ``limit``."""
        return int(self._random.random() * limit)

    def one_of(self, items: Sequence[Item]) -> Item:
        """Any of ``items``, the first ones more often."""
        return items[self.below(1 + self.below(len(items)))]

    def identifier(self, digits: int) -> str:
        """So many hexadecimal digits."""
        return "".join("0123456789abcdef"[self.below(16)] for _ in range(digits))


def session(dice: Dice) -> bytes:
    """The log of one session, some kilobytes of JSON lines."""
    now = dice.below(86_400_000)
    first, last = dice.one_of(_FIRST), dice.one_of(_LAST)
    user = {
        "id": 10_000 + dice.below(90_000),
        "name": f"{first} {last}",
        "mail": f"{first}.{last}@example.com".lower(),
        "country": dice.one_of(_COUNTRIES),
    }
    fixed = {"host": f"web-{dice.below(24):02d}", "session": dice.identifier(12), "user": user}
    agent, shelf = dice.one_of(_AGENTS), [_product(dice) for _ in range(6)]
    lines = []
    for number in range(4 + dice.below(12)):
        now += 200 + dice.below(40_000)
        event = _event(dice, shelf) if number else {"event": "session.start", "status": 200, "agent": agent}
        lines.append({"time": _clock(now), "request": dice.identifier(8), **fixed, **event})
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    hours, minutes = seconds // 3600 % 24, seconds // 60 % 60
    return f"2026-03-{14 + seconds // 86400:02d}T{hours:02d}:{minutes:02d}:{seconds % 60:02d}.{rest:03d}Z"


def _product(dice: Dice) -> dict[str, Any]:
    material, thing = dice.one_of(_MATERIALS), dice.one_of(_THINGS)
    return {
        "sku": f"{thing[:2].upper()}-{1000 + dice.below(9000)}",
        "title": f"{material} {thing}",
        "price": (5 + dice.below(200)) + (95 if dice.below(3) else 50) / 100,
    }


def _event(dice: Dice, shelf: list[dict[str, Any]]) -> dict[str, Any]:
    kind, took = dice.below(10), 3 + dice.below(1 + dice.below(400))
    if kind < 5:
        return {"event": "product.view", "status": 200, "product": dice.one_of(shelf), "took_ms": took}
    if kind < 7:
        query = {"text": dice.one_of(_THINGS), "page": 1 + dice.below(4), "hits": dice.below(300)}
        return {"event": "catalogue.search", "status": 200, "query": query, "took_ms": took}
    if kind < 9:
        items = [{**dice.one_of(shelf), "quantity": 1 + dice.below(3)} for _ in range(1 + dice.below(3))]
        total = round(sum(item["price"] * item["quantity"] for item in items), 2)
        return {"event": "order.placed", "status": 201, "items": items, "total": total, "took_ms": took}
    name, status, text = dice.one_of(_PROBLEMS)
    return {"event": name, "status": status, "level": "error", "message": text, "took_ms": took}
