"""What each phrase of a verdict demands of the program's words. Every check returns its complaints; none is right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from fractions import Fraction

from tests.accuracy.expectations import DATE, Scene
from tests.accuracy.told import COMBINED, ENTRIES, EXITS, IMMEDIATE, LINKS, SIZES, TRADES, File, Told

Words = re.Match[str]
EXACT = 0.01  # a size that is told may differ by 1 %


# --- what a file is -------------------------------------------------------------------------------


def refused(seen: Scene, _words: Words) -> Sequence[str]:
    """A body of that date was refused (another of the same date may be good)."""
    return [] if seen.refused() else [f"no body dated {seen.row.dates} was refused"]


def quarantined(seen: Scene, _words: Words) -> Sequence[str]:
    """The file is held back or passed over, and nothing is told of it."""
    stored = [one for one in seen.history.unused if one.fund in seen.funds and one.as_of == seen.day]
    held = any(one.standing in ("quarantined", "discarded") for one in stored)
    said = [] if held and not seen.files() else [f"the file counts ({_standings(stored, seen.files())})"]
    return [*said, *_silent(seen, TRADES)]


def accepted(seen: Scene, _words: Words) -> Sequence[str]:
    """Every fund's file counts."""
    missing = [fund for fund in seen.funds if seen.history.at(fund, seen.day) is None]
    return [f"the file of {fund} dated {seen.day} does not count" for fund in missing]


def accepted_with_warning(seen: Scene, words: Words) -> Sequence[str]:
    """Every fund's file counts, with a caution."""
    cautioned = [f"no caution about {one.fund} {one.as_of}" for one in seen.files() if not one.gates]
    return [*accepted(seen, words), *cautioned]


def stale(seen: Scene, _words: Words) -> Sequence[str]:
    """The files are marked stale; where a number of funds is named, that many of them."""
    found = [one for one in seen.files() if "stale" in one.gates]
    number = re.search(r"(\d+) funds", seen.row.funds)
    wanted = int(number.group(1)) if number else len(seen.funds)
    return [] if len(found) >= wanted else [f"{len(found)} of {wanted} files are marked stale"]


def outage(seen: Scene, _words: Words) -> Sequence[str]:
    """No file counts on that date, and the next one neither empties nor refills the fund nor dates trades to a day."""
    end = seen.next_day(seen.day)
    counted = [f"a file of {one.fund} dated {one.as_of} counts" for one in seen.files()]
    moves = seen.events(ENTRIES | EXITS, seen.day, end)
    lines = max((len(seen.history.held(file)) for fund in seen.funds for file in seen.history.files[fund]), default=0)
    mass = [f"{len(moves)} entries and exits up to {end}"] if len(moves) > lines / 3 else []
    return [*counted, *mass, *_one_day(seen, end)]


def missing_file(seen: Scene, words: Words) -> Sequence[str]:
    """No file counts on that date; the next one is told as an interval."""
    day = date.fromisoformat(words["day"])
    found = [file for fund in seen.funds if (file := seen.history.at(fund, day)) is not None]
    fresh = [f"the file of {one.fund} dated {day} counts as fresh" for one in found if "stale" not in one.gates]
    return [*fresh, *_one_day(seen, seen.next_day(day))]


def fund_closed(seen: Scene, _words: Words) -> Sequence[str]:
    """The closing is known, and no position leaves one by one."""
    known = [fund for fund in seen.funds if fund in seen.history.closed]
    told = [one for one in seen.history.events if one.kind == "FUND_CLOSED" and set(one.funds) & set(seen.funds)]
    silent = [] if known or told else ["nothing says that the fund closed"]
    return [*silent, *_silent(seen, EXITS, last=date.max)]


def identity_break(seen: Scene, _words: Words) -> Sequence[str]:
    """Ids change form for a day: no entry, exit or change of identifier that is undone by the next files."""
    end = seen.next_day(seen.day)
    found = []
    for one in seen.events(ENTRIES | EXITS | LINKS, seen.day, end):
        fund = one.funds[0]
        held = [
            _holds(seen, one, seen.history.previous(fund, seen.day)),
            _holds(seen, one, seen.history.after(fund, end)),
        ]
        if held.count(True) != 1:  # held before and after, or neither
            found.append(f"told: {one}")
    return found


# --- when -----------------------------------------------------------------------------------------


def position_session(seen: Scene, words: Words) -> Sequence[str]:
    """The file's positions belong to that session, and so does the end of every change in it."""
    day = date.fromisoformat(words["day"])
    wrong = [f"{f.fund} {f.as_of} is read as session {f.session}" for f in seen.files() if f.session != day]
    missing = [] if seen.files() else [f"no file dated {seen.day} counts"]
    late = [f"{one} is dated to {one.last}" for one in seen.events(TRADES) if one.last != day]
    return [*missing, *wrong, *late[:3]]


def no_session_missing(seen: Scene, _words: Words) -> Sequence[str]:
    """The files around the date follow each other session by session."""
    found = []
    for fund in seen.funds:
        before, after = _around(seen, fund)
        if before is None or after is None or before.session is None or after.session is None:
            continue
        steps = seen.history.sessions.distance(before.session, after.session)
        if steps > 1 and after.as_of in _dates(seen.row.text):
            found.append(f"{fund}: {steps - 1} sessions missing between {before.as_of} and {after.as_of}")
    return found


def convention_changed(seen: Scene, words: Words) -> Sequence[str]:
    """The files before and after the date are read by these conventions."""
    found = []
    for fund in seen.funds:
        before, after = _around(seen, fund)
        read = [file.convention for file in (before, after) if file is not None]
        if len(read) == 2 and read != [words["before"], words["after"]]:
            found.append(f"{fund}: read as {' then '.join(read)}")
    return found


def interval_dated(seen: Scene, _words: Words) -> Sequence[str]:
    """Every change of the file is told as an interval, and no trade on one day."""
    return [*_one_day(seen, seen.day), *_silent(seen, SIZES)]


def next_file_has_two_sessions(seen: Scene, _words: Words) -> Sequence[str]:
    """The changes of the next file are told as an interval."""
    return _one_day(seen, seen.next_day(seen.day))


def item_session(seen: Scene, words: Words) -> Sequence[str]:
    """The item is dated to that session."""
    day = date.fromisoformat(words["day"])
    found = seen.items(TRADES)
    return [] if any(one.first == one.last == day for one in found) else [f"no item of session {day}: {_said(found)}"]


# --- entries and exits ----------------------------------------------------------------------------


def first_at_issuer(seen: Scene, words: Words) -> Sequence[str]:
    """One item says that the issuer never held it, over that many funds."""
    found = seen.items(["INITIATED_AT_ISSUER"])
    wanted = int(words["funds"] or len(seen.funds))
    if any(len(one.funds) == wanted for one in found):
        return []
    return [f"no first at the issuer by {wanted} funds: {_said(seen.items(ENTRIES))}"]


def initiation(seen: Scene, _words: Words) -> Sequence[str]:
    """Each fund is told to open the position, for the first time."""
    return _each_fund(seen, ["INITIATED", "INITIATED_AT_ISSUER"])


def re_entry(seen: Scene, _words: Words) -> Sequence[str]:
    """Each fund, or the issuer, is told to reopen the position on the right file."""
    if "at issuer" in seen.row.verdict:
        found = seen.items(["RE_ENTERED"])
        return [] if found else [f"no re-entry of the issuer: {_said(seen.items(ENTRIES))}"]
    return _each_fund(seen, ["RE_ENTERED"])


def entry_interval(seen: Scene, words: Words) -> Sequence[str]:
    """The interval of the entry holds these sessions."""
    first = date.fromisoformat(words["from"])
    last = first.replace(day=int(words["to"]))
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
    return [f"no exit in the file dated {day}: {_said(found)}"]


def strict_exit(seen: Scene, words: Words) -> Sequence[str]:
    """What was left went with that file: told as the end of a crumb, or as the exit."""
    day = date.fromisoformat(words["day"])
    found = seen.events(["CRUMB_REMOVED", *EXITS], day, day)
    return [] if found else [f"nothing told of the last line on {day}"]


def exited(seen: Scene, _words: Words) -> Sequence[str]:
    """Each fund is told to leave."""
    return _each_fund(seen, EXITS)


def never_left(seen: Scene, _words: Words) -> Sequence[str]:
    """No entry and no exit from this file to the one that lists it again and one more."""
    end = seen.next_day(_listed_again(seen))
    return _silent(seen, ENTRIES | EXITS, last=end)


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
    return [] if any(abs(one - wanted) <= slack for one in found) else [f"${wanted}M expected: {_said(found)}"]


# --- what a line became ---------------------------------------------------------------------------


def identifier_change(seen: Scene, _words: Words) -> Sequence[str]:
    """Each fund tells that the same security has another identifier; no entry, no exit, no trade beyond the text."""
    return [*_each_fund(seen, LINKS), *_no_trade_beyond(seen)]


def ticker_change(seen: Scene, _words: Words) -> Sequence[str]:
    """The new ticker is told; no entry, no exit."""
    return [*_each_fund(seen, ["TICKER_CHANGED", "RENAMED", *LINKS]), *_no_trade_beyond(seen)]


def renamed(seen: Scene, _words: Words) -> Sequence[str]:
    """The line goes on under another name: no entry, no exit."""
    return _silent(seen, ENTRIES | EXITS)


def continues(seen: Scene, _words: Words) -> Sequence[str]:
    """The line continues as another, or the pair is told as one possible conversion; nothing was bought or sold."""
    if re.search(r"(?i)identifier change|split", seen.row.verdict):
        return []  # those words demand more
    told = seen.events(LINKS | COMBINED) + seen.items(COMBINED)
    said = [] if told else [f"no continuation told: {_said(seen.events(TRADES))}"]
    return [*said, *_no_trade_beyond(seen)]


def spin_off(seen: Scene, _words: Words) -> Sequence[str]:
    """Received, not bought."""
    return [*_each_fund(seen, ["SPIN_OFF_RECEIVED"]), *_silent(seen, ENTRIES, last=seen.next_day(seen.day))]


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
    found = [] if any(one.factor == factor for one in told) else [f"split by {factor} expected, told {_said(told)}"]
    missing = [
        f"{fund}: no split told in {first} … {last}"
        for fund in seen.funds
        if not any(fund in one.funds for one in seen.events(["SPLIT"], first, last))
    ]
    return [*found, *missing, *_no_trade_beyond(seen, last=last)]


# --- sizes ----------------------------------------------------------------------------------------


def bought(seen: Scene, words: Words) -> Sequence[str]:
    """A trade told beside the split or merger has that size."""
    return _size(seen, seen.events(SIZES), words["shares"], required=not seen.items(COMBINED))


def real_purchase(seen: Scene, words: Words) -> Sequence[str]:
    """Each fund is told to have bought, by that size where one is named; no split."""
    sizes = _size(seen, seen.events(["INCREASED"]), words["shares"], required=True) if words["shares"] else []
    return [*_each_fund(seen, ["INCREASED"]), *sizes, *_silent(seen, ["SPLIT"])]


def real_sale(seen: Scene, words: Words) -> Sequence[str]:
    """Each fund is told to have sold, by that size where one is named; no split."""
    sizes = _size(seen, seen.events(["DECREASED"]), words["shares"], required=True) if words["shares"] else []
    return [*_each_fund(seen, ["DECREASED"]), *sizes, *_silent(seen, ["SPLIT"])]


def two_trades(seen: Scene, _words: Words) -> Sequence[str]:
    """One line leaves and the other enters; no link joins them."""
    moves = {one.kind for one in seen.events(ENTRIES | EXITS)}
    said = [] if moves & ENTRIES and moves & EXITS else [f"an entry and an exit expected, told {sorted(moves)}"]
    return [*said, *_silent(seen, LINKS | COMBINED)]


def units(seen: Scene, words: Words) -> Sequence[str]:
    """A pure flow: no trade of these lines on any date the text names."""
    days = {seen.day, *_dates(f"{seen.day.year}-{day}" for day in re.findall(r"(?<!\d)\d\d-\d\d(?!\d)", seen.row.text))}
    return [text for day in sorted(days) for text in _silent(seen, TRADES, first=day, last=day)]


def rebalance(seen: Scene, _words: Words) -> Sequence[str]:
    """One note about the whole fund, no single size change, nothing immediate."""
    notes = seen.events(["REBALANCE"])
    said = [] if len(notes) == 1 else [f"{len(notes)} rebalance notes"]
    loud = [f"immediate: {one} (score {one.score})" for one in seen.items(TRADES) if one.severity in IMMEDIATE]
    return [*said, *_silent(seen, SIZES), *loud]


def flipped(seen: Scene, _words: Words) -> Sequence[str]:
    """The signed change from one side to the other, and no percentage."""
    told = [one for one in seen.events(_EVERY) if one.before and one.after and one.before * one.after < 0]
    if not told:
        return [f"no change of sign told: {_said(seen.events(_EVERY))}"]
    signed = [one for one in told if abs((one.active or 0) - ((one.after or 0) - (one.before or 0))) < 1]
    percent = [f"a percentage is told: {one.claim}" for one in told if "%" in one.claim.split(":")[0]]
    return [*([] if signed else [f"no signed change: {_said(told)}"]), *percent]


def matured(seen: Scene, _words: Words) -> Sequence[str]:
    """Told as matured, not as an exit."""
    return [*_each_fund(seen, ["MATURED"]), *_silent(seen, EXITS)]


# --- silence --------------------------------------------------------------------------------------


def no_trade(seen: Scene, _words: Words) -> Sequence[str]:
    """No entry, exit or size change of the lines meant. A damaged version of a whole file must make no line enter or
    leave; what the good version of that date shows is told."""
    if re.search(r"(?i)\bcash\b", seen.row.security):
        return _silent_cash(seen)
    damaged = seen.whole and seen.row.verdict.upper().startswith("NO EVENT")
    return _silent(seen, ENTRIES | EXITS if damaged else TRADES)


def two_lines(seen: Scene, _words: Words) -> Sequence[str]:
    """The lines are two securities: no link joins them."""
    return [] if len(seen.keys) > 1 else ["both lines are read as one security"]


# --- shared ---------------------------------------------------------------------------------------

_EVERY = TRADES | LINKS | COMBINED | frozenset(["FLIPPED", "SPLIT", "ROLLED", "RENAMED", "TICKER_CHANGED"])


def _silent(seen: Scene, kinds: Iterable[str], *, first: date | None = None, last: date | None = None) -> Sequence[str]:
    """Complaints about every event of these kinds about the lines meant."""
    return [f"told: {one}" for one in seen.events(kinds, first, last)][:5]


def _silent_cash(seen: Scene) -> Sequence[str]:
    end = seen.next_day(seen.last or date.max)
    files = [file for fund in seen.funds for file in seen.history.files[fund] if file.as_of <= end]
    keys = {line.key for file in files for line in seen.history.held(file) if line.asset_class == "cash"}
    return [f"told: {one}" for one in seen.events(_EVERY, None, end) if one.key in keys]


def _one_day(seen: Scene, day: date) -> Sequence[str]:
    """Complaints about trades of the file dated `day` that are told of one session."""
    found = seen.events(TRADES, day, day)
    return [f"told of one session: {one}" for one in found if one.first == one.last is not None][:3]


def _each_fund(seen: Scene, kinds: Iterable[str]) -> Sequence[str]:
    """Complaints about funds without an event of one of these kinds."""
    found = seen.events(kinds)
    funds = [fund for fund in seen.funds if not any(fund in one.funds for one in found)]
    said = {fund: [one for one in seen.events(_EVERY) if fund in one.funds] for fund in funds}
    return [f"{fund}: {' or '.join(sorted(kinds))} expected, told {_said(said[fund])}" for fund in funds]


def _no_trade_beyond(seen: Scene, last: date | None = None) -> Sequence[str]:
    """No entry or exit; a size change only where the text tells of one, and of that size."""
    sizes = seen.events(SIZES, None, last)
    named = re.findall(r"([+-]?[\d,]{2,}) (?:sh )?(?:traded|real|bought|sold)|bought ([\d,]+)", seen.row.verdict)
    numbers = [abs(float(text.replace(",", ""))) for pair in named for text in pair if text]
    moved = re.search(r"([\d,.]+) -> ([\d,.]+) sh", seen.row.verdict)
    if moved and not numbers and "SPLIT" not in seen.row.verdict.upper():
        one, other = (float(text.replace(",", "")) for text in moved.groups())
        numbers = [abs(other - one)] if one != other else []
    beyond = [one for one in sizes if not any(_is_about(one.active, number, one.after) for number in numbers)]
    return [*_silent(seen, ENTRIES | EXITS, last=last), *(f"told: {one} by {one.active:,.0f}" for one in beyond)]


def _is_about(active: float | None, wanted: float, held: float | None) -> bool:
    """Within 5 % of the number named, or 0.1 % of the position: texts count before or after the flow."""
    return active is not None and abs(abs(active) - wanted) <= max(0.05 * wanted, 0.001 * (held or 0))


def _size(seen: Scene, told: Sequence[Told], text: str, *, required: bool) -> Sequence[str]:
    wanted = float(text.replace(",", ""))
    if any(one.active is not None and abs(abs(one.active) - wanted) <= max(2.0, EXACT * wanted) for one in told):
        return []
    return [f"a trade of {wanted:,.0f} shares expected: {[one.active for one in told]}"] if required or told else []


def _holds(seen: Scene, one: Told, file: File | None) -> bool:
    group = seen.history.group(one.key)
    return file is not None and any(seen.history.group(line.key) == group for line in seen.history.held(file))


def _listed_again(seen: Scene) -> date:
    """The first file after the date that lists the security; the date itself when none does within 120 files."""
    for count in range(1, 121):
        day = seen.next_day(seen.day, count)
        for fund in seen.funds:
            file = seen.history.at(fund, day)
            if file and any(seen.history.group(line.key) in seen.keys for line in seen.history.held(file)):
                return day
    return seen.day


def _around(seen: Scene, fund: str) -> tuple[File | None, File | None]:
    at = seen.history.at(fund, seen.day)
    return seen.history.previous(fund, seen.day), at or seen.history.after(fund, seen.day)


def _dates(text: str | Iterable[str]) -> set[date]:
    joined = text if isinstance(text, str) else " ".join(text)
    return {date.fromisoformat(found) for found in DATE.findall(joined)}


def _standings(stored: Sequence[File], counted: Sequence[File]) -> str:
    return ", ".join(one.standing for one in [*stored, *counted]) or "not stored"


def _said(found: Sequence[object]) -> str:
    return "; ".join(map(str, found[:4])) or "nothing"
