"""The two lines of a conversion and the sums that made them belong together."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from monitor.core.model import Position
from monitor.why.sums import Chains, Pair, shown


def exchange_sums(pair: Pair, known: Chains, root: str, factors: Mapping[str, object], factor: Decimal) -> list[str]:
    """What left, what came, how many for one and at what value; `root` is the issuer-wide root of what left."""
    arriving = known.whole.of(str(factors.get("arriving", "")))
    lines = {}
    for name, wanted in (("leaving", root), ("arriving", arriving)):
        own = next((key for key in (*pair.before, *pair.after) if known.whole.of(key) == wanted), None)
        if own is None:
            return []
        lines[name] = (pair.before.get(own), pair.after.get(own))
    (left, left_words), (grown, grown_words) = (_change(name, *lines[name], factor) for name in lines)
    if not left or not grown:
        return []
    return [
        *left_words,
        *grown_words,
        f"ratio = arriving / leaving = {shown(grown, 2)} / {shown(-left, 2)} = {shown(grown / -left, 6)}",
    ]


def _change(name: str, old: Position | None, new: Position | None, factor: Decimal) -> tuple[Decimal | None, list[str]]:
    """after − f × before of one line, and its worth at the price printed."""
    before = old.shares if old is not None else Decimal(0)
    after = new.shares if new is not None else Decimal(0)
    priced = new if new is not None and new.shares else old
    if before is None or after is None or priced is None or not priced.shares or priced.value is None:
        return None, []
    change = after - factor * before
    price = priced.value / priced.shares
    return change, [
        f"{name}: {priced.name} ({priced.ticker or '-'}): after − f × before = {shown(after)} − {shown(factor)} ×"
        f" {shown(before)} = {shown(change, 2)}",
        f"worth {shown(abs(change), 2)} × {shown(priced.value, 2)} / {shown(priced.shares)} ="
        f" {shown(abs(change) * price, 2)}",
    ]
