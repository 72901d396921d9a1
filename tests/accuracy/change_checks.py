"""What a verdict about a position demands: entries and exits, continuations, sizes, silence.

Every check returns its complaints; none is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction

from tests.accuracy.asking import (
    EVERY,
    dates_in,
    each_fund,
    listed_again,
    no_trade_beyond,
    said_of,
    silent,
    silent_cash,
    sized,
)
from tests.accuracy.expectations import Scene
from tests.accuracy.told import COMBINED, ENTRIES, EXITS, IMMEDIATE, LINKS, SIZES, TRADES

Words = re.Match[str]


# --- entries and exits -----------------------------------------------------------------------------


def first_at_issuer(seen: Scene, words: Words) -> Sequence[str]:
    """One item says that the issuer never held it, over that many funds."""
    found = seen.items(["INITIATED_AT_ISSUER"])
    wanted = int(words["funds"] or len(seen.funds))
    if any(len(one.funds) == wanted for one in found):
        return []
    return [f"no first at the issuer by {wanted} funds: {said_of(seen.items(ENTRIES))}"]


def initiation(seen: Scene, _words: Words) -> Sequence[str]:
    """Each fund is told to open the position, for the first time."""
    return each_fund(seen, ["INITIATED", "INITIATED_AT_ISSUER"])


def re_entry(seen: Scene, _words: Words) -> Sequence[str]:
    """Each fund, or the issuer, is told to reopen the position on the right file."""
    if "at issuer" in seen.row.verdict:
        found = seen.items(["RE_ENTERED"])
        return [] if found else [f"no re-entry of the issuer: {said_of(seen.items(ENTRIES))}"]
    return each_fund(seen, ["RE_ENTERED"])


def entry_interval(seen: Scene, words: Words) -> Sequence[str]:
    """The interval of the entry holds these sessions."""
    first = date.fromisoformat(words["from"])
    last = date.fromisoformat(f"{first.isoformat()[: -len(words['to'])]}{words['to']}")
    found = seen.events(ENTRIES)
    if any(one.first and one.last and one.first <= first and last <= one.last for one in found):
        return []
    return [f"no entry in {first} … {last}: {[f'{one} in {one.first} … {one.last}' for one in found]}"]


def absence(seen: Scene, words: Words) -> Sequence[str]:
    """The absence counts that many sessions."""
    wanted = int(words["count"])
    found = [one.absence for one in [*seen.items(ENTRIES), *seen.events(ENTRIES)]]
    return [] if wanted in found else [f"absence of {wanted} sessions expected, told {sorted(set(map(str, found)))}"]


def first_since(seen: Scene, words: Words) -> Sequence[str]:
    """The last material holding was on that day."""
    day = datetime.strptime(words["day"], "%d %b %Y").date()  # noqa: DTZ007 - a date, no instant
    found = [one.last_material for one in [*seen.items(ENTRIES), *seen.events(ENTRIES)]]
    return [] if day in found else [f"last material {day} expected, told {sorted(set(map(str, found)))}"]


def effective_exit(seen: Scene, words: Words) -> Sequence[str]:
    """The exit is told for that file."""
    day = date.fromisoformat(words["day"])
    found = seen.events(EXITS, day, seen.next_day(day, 60))
    if [one.as_of for one in found[:1]] == [day]:
        return []
    return [f"no exit in the file dated {day}: {said_of(found)}"]


def strict_exit(seen: Scene, words: Words) -> Sequence[str]:
    """What was left went with that file: told as the end of a crumb, or as the exit."""
    day = date.fromisoformat(words["day"])
    found = seen.events(["CRUMB_REMOVED", *EXITS], day, day)
    return [] if found else [f"nothing told of the last line on {day}"]


def exited(seen: Scene, _words: Words) -> Sequence[str]:
    """Each fund is told to leave."""
    return each_fund(seen, EXITS)


def never_left(seen: Scene, _words: Words) -> Sequence[str]:
    """No entry and no exit from this file to the one that lists it again and one more."""
    end = seen.next_day(listed_again(seen))
    return silent(seen, ENTRIES | EXITS, last=end)


def score(seen: Scene, words: Words) -> Sequence[str]:
    """The item's score, give or take one."""
    wanted = int(words["score"])
    found = [one.score for one in seen.items(ENTRIES | EXITS | SIZES)]
    return [] if any(abs(one - wanted) <= 1 for one in found) else [f"score {wanted} expected, told {found}"]


def item_shares(seen: Scene, words: Words) -> Sequence[str]:
    """The item's shares over all funds."""
    wanted = float(words["shares"].replace(",", ""))
    found = [one.active for one in seen.items(TRADES) if one.active is not None]
    return [] if any(abs(abs(one) - wanted) <= 0.5 for one in found) else [f"{wanted:,.0f} shares expected: {found}"]


def item_value(seen: Scene, words: Words) -> Sequence[str]:
    """The item's value, to the last decimal printed."""
    wanted = float(words["money"])
    slack = 10 ** -len(words["money"].partition(".")[2])
    found = [abs(one.value) / 1e6 for one in seen.items(TRADES) if one.value is not None]
    return [] if any(abs(one - wanted) <= slack for one in found) else [f"${wanted}M expected: {said_of(found)}"]


# --- what a line became ----------------------------------------------------------------------------


def identifier_change(seen: Scene, _words: Words) -> Sequence[str]:
    """Each fund tells that the same security has another identifier; no entry, no exit, no trade beyond the text."""
    return [*each_fund(seen, LINKS), *no_trade_beyond(seen)]


def ticker_change(seen: Scene, _words: Words) -> Sequence[str]:
    """The new ticker is told; no entry, no exit."""
    return [*each_fund(seen, ["TICKER_CHANGED", "RENAMED", *LINKS]), *no_trade_beyond(seen)]


def renamed(seen: Scene, _words: Words) -> Sequence[str]:
    """The line goes on under another name: no entry, no exit."""
    return silent(seen, ENTRIES | EXITS)


def continues(seen: Scene, _words: Words) -> Sequence[str]:
    """The line continues as another, or the pair is told as one possible conversion; nothing was bought or sold."""
    if re.search(r"(?i)identifier change|split", seen.row.verdict):
        return []  # those words demand more
    told = seen.events(LINKS | COMBINED) + seen.items(COMBINED)
    said = [] if told else [f"no continuation told: {said_of(seen.events(TRADES))}"]
    return [*said, *no_trade_beyond(seen)]


def spin_off(seen: Scene, _words: Words) -> Sequence[str]:
    """Received, not bought."""
    return [*each_fund(seen, ["SPIN_OFF_RECEIVED"]), *silent(seen, ENTRIES, last=seen.next_day(seen.day))]


def split(seen: Scene, words: Words) -> Sequence[str]:
    """A split by that factor on the right file (one later where the price lagged); no trade beyond the text."""
    factor = Fraction(int(words["new"]), int(words["old"]))
    shrinks = "reverse" in (words["reverse"] or "").lower() or "consolidation" in words.group().lower()
    factor = min(factor, 1 / factor) if shrinks else factor
    named = re.search(r"effective in file (\d{4}-\d{2}-\d{2})", seen.row.verdict)
    first = date.fromisoformat(named.group(1)) if named else seen.day
    lagging = named is None and re.search(r"lagged|pending", f"{seen.row.verdict} {seen.row.why}")
    last = seen.next_day(first) if lagging else first
    told = [one for one in seen.history.splits if seen.history.group(one.key) in seen.keys and first <= one.day <= last]
    found = [] if any(one.factor == factor for one in told) else [f"split by {factor} expected, told {said_of(told)}"]
    missing = [
        f"{fund}: no split told in {first} … {last}"
        for fund in seen.funds
        if not any(fund in one.funds for one in seen.events(["SPLIT"], first, last))
    ]
    return [*found, *missing, *no_trade_beyond(seen, last=last)]


# --- sizes -----------------------------------------------------------------------------------------


def bought(seen: Scene, words: Words) -> Sequence[str]:
    """A trade told beside the split or merger has that size."""
    return sized(seen, seen.events(SIZES), words["shares"], required=not seen.items(COMBINED))


def real_purchase(seen: Scene, words: Words) -> Sequence[str]:
    """Each fund is told to have bought, by that size where one is named; no split."""
    sizes = sized(seen, seen.events(["INCREASED"]), words["shares"], required=True) if words["shares"] else []
    return [*each_fund(seen, ["INCREASED"]), *sizes, *silent(seen, ["SPLIT"])]


def real_sale(seen: Scene, words: Words) -> Sequence[str]:
    """Each fund is told to have sold, by that size where one is named; no split."""
    sizes = sized(seen, seen.events(["DECREASED"]), words["shares"], required=True) if words["shares"] else []
    return [*each_fund(seen, ["DECREASED"]), *sizes, *silent(seen, ["SPLIT"])]


def two_trades(seen: Scene, _words: Words) -> Sequence[str]:
    """One line leaves and the other enters; no link joins them."""
    moves = {one.kind for one in seen.events(ENTRIES | EXITS)}
    said = [] if moves & ENTRIES and moves & EXITS else [f"an entry and an exit expected, told {sorted(moves)}"]
    return [*said, *silent(seen, LINKS | COMBINED)]


def units(seen: Scene, words: Words) -> Sequence[str]:
    """A pure flow: no trade of these lines on any date the text names."""
    days = {
        seen.day,
        *dates_in(f"{seen.day.year}-{day}" for day in re.findall(r"(?<!\d)\d\d-\d\d(?!\d)", seen.row.text)),
    }
    return [text for day in sorted(days) for text in silent(seen, TRADES, first=day, last=day)]


def rebalance(seen: Scene, _words: Words) -> Sequence[str]:
    """One note about the whole fund, no single size change, nothing immediate."""
    notes = seen.events(["REBALANCE"])
    said = [] if len(notes) == 1 else [f"{len(notes)} rebalance notes"]
    loud = [f"immediate: {one} (score {one.score})" for one in seen.items(TRADES) if one.severity in IMMEDIATE]
    return [*said, *silent(seen, SIZES), *loud]


def flipped(seen: Scene, _words: Words) -> Sequence[str]:
    """The signed change from one side to the other, and no percentage."""
    told = [one for one in seen.events(EVERY) if one.before and one.after and one.before * one.after < 0]
    if not told:
        return [f"no change of sign told: {said_of(seen.events(EVERY))}"]
    signed = [one for one in told if abs((one.active or 0) - ((one.after or 0) - (one.before or 0))) < 1]
    percent = [f"a percentage is told: {one.claim}" for one in told if "%" in one.claim.split(":")[0]]
    return [*([] if signed else [f"no signed change: {said_of(told)}"]), *percent]


def matured(seen: Scene, _words: Words) -> Sequence[str]:
    """Told as matured, not as an exit."""
    return [*each_fund(seen, ["MATURED"]), *silent(seen, EXITS)]


# --- silence ---------------------------------------------------------------------------------------


def no_trade(seen: Scene, _words: Words) -> Sequence[str]:
    """No entry, exit or size change of the lines meant. A damaged version of a whole file must make no line enter or
    leave; what the good version of that date shows is told."""
    if re.search(r"(?i)\bcash\b", seen.row.security):
        return silent_cash(seen)
    damaged = seen.whole and seen.row.verdict.upper().startswith("NO EVENT")
    return silent(seen, ENTRIES | EXITS if damaged else TRADES)


def two_lines(seen: Scene, _words: Words) -> Sequence[str]:
    """The lines are two securities: no link joins them."""
    return [] if len(seen.keys) > 1 else ["both lines are read as one security"]
