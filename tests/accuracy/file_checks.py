"""What a verdict about a file demands: whether it counts, and when its positions were true.

Every check returns its complaints; none is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from tests.accuracy.asking import (
    dates_in,
    files_around,
    one_day,
    said_of,
    silent,
    standings,
    still_holds,
)
from tests.accuracy.expectations import Scene
from tests.accuracy.told import ENTRIES, EXITS, LINKS, SIZES, TRADES

Words = re.Match[str]


# --- what a file is --------------------------------------------------------------------------------


def refused(seen: Scene, _words: Words) -> Sequence[str]:
    """A body of that date was refused (another of the same date may be good)."""
    return [] if seen.refused() else [f"no body dated {seen.row.dates} was refused"]


def quarantined(seen: Scene, _words: Words) -> Sequence[str]:
    """The file is held back or passed over, and nothing is told of it."""
    stored = [one for one in seen.history.unused if one.fund in seen.funds and one.as_of == seen.day]
    held = any(one.standing in ("quarantined", "discarded") for one in stored)
    said = [] if held and not seen.files() else [f"the file counts ({standings(stored, seen.files())})"]
    return [*said, *silent(seen, TRADES)]


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
    return [*counted, *mass, *one_day(seen, end)]


def missing_file(seen: Scene, words: Words) -> Sequence[str]:
    """No file counts on that date; the next one is told as an interval."""
    day = date.fromisoformat(words["day"])
    found = [file for fund in seen.funds if (file := seen.history.at(fund, day)) is not None]
    fresh = [f"the file of {one.fund} dated {day} counts as fresh" for one in found if "stale" not in one.gates]
    return [*fresh, *one_day(seen, seen.next_day(day))]


def fund_closed(seen: Scene, _words: Words) -> Sequence[str]:
    """The closing is known, and no position leaves one by one."""
    known = [fund for fund in seen.funds if fund in seen.history.closed]
    told = [one for one in seen.history.events if one.kind == "FUND_CLOSED" and set(one.funds) & set(seen.funds)]
    said = [] if known or told else ["nothing says that the fund closed"]
    return [*said, *silent(seen, EXITS, last=date.max)]


def identity_break(seen: Scene, _words: Words) -> Sequence[str]:
    """Ids change form for a day: no entry, exit or change of identifier that is undone by the next files."""
    end = seen.next_day(seen.day)
    found = []
    for one in seen.events(ENTRIES | EXITS | LINKS, seen.day, end):
        fund = one.funds[0]
        held = [
            still_holds(seen, one, seen.history.previous(fund, seen.day)),
            still_holds(seen, one, seen.history.after(fund, end)),
        ]
        if held.count(True) != 1:  # held before and after, or neither
            found.append(f"told: {one}")
    return found


# --- when ------------------------------------------------------------------------------------------


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
        before, after = files_around(seen, fund)
        if before is None or after is None or before.session is None or after.session is None:
            continue
        steps = seen.history.sessions.distance(before.session, after.session)
        if steps > 1 and after.as_of in dates_in(seen.row.text):
            found.append(f"{fund}: {steps - 1} sessions missing between {before.as_of} and {after.as_of}")
    return found


def convention_changed(seen: Scene, words: Words) -> Sequence[str]:
    """The files before and after the date are read by these conventions."""
    found = []
    for fund in seen.funds:
        before, after = files_around(seen, fund)
        read = [file.convention for file in (before, after) if file is not None]
        if len(read) == 2 and read != [words["before"], words["after"]]:
            found.append(f"{fund}: read as {' then '.join(read)}")
    return found


def interval_dated(seen: Scene, _words: Words) -> Sequence[str]:
    """Every change of the file is told as an interval, and no trade on one day."""
    return [*one_day(seen, seen.day), *silent(seen, SIZES)]


def next_file_has_two_sessions(seen: Scene, _words: Words) -> Sequence[str]:
    """The changes of the next file are told as an interval."""
    return one_day(seen, seen.next_day(seen.day))


def item_session(seen: Scene, words: Words) -> Sequence[str]:
    """The item is dated to that session."""
    day = date.fromisoformat(words["day"])
    found = seen.items(TRADES)
    return [] if any(one.first == one.last == day for one in found) else [f"no item of session {day}: {said_of(found)}"]
