"""An operator's word on two identities: kept as a fact, everything it bears on derived again, and what that changed.

A word that changes nothing is refused, and then nothing is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from monitor.core.errors import UsageError
from monitor.core.linking import Verb, Word
from monitor.intake import Intake
from monitor.pipeline import AlertPlan, conclude
from monitor.sources.spec import Source
from monitor.store import derived, operators, queries
from monitor.store.engine import Connection, Engine, transaction
from monitor.store.queries import FundRef, Identity


@dataclass(frozen=True, slots=True)
class Effect:
    """What a word changed: links and events that are new or gone, in sentences, and how many events say the same as
    before of a security that has another id now."""

    said: str
    gone: tuple[str, ...]
    new: tuple[str, ...]
    renamed: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class Speaking:
    """Who speaks when, and what the program needs to act on it."""

    engine: Engine
    sources: Mapping[str, Source]
    plan: AlertPlan
    now: datetime


def link(speaking: Speaking, earlier: str, later: str, fund: str | None, on: date | None, why: str) -> Effect:
    """`later` continues `earlier` from files dated `on` on, or from the first that lists it."""
    with transaction(speaking.engine) as conn:
        only = queries.find_fund(conn, fund) if fund is not None else None
        old, new = _one(conn, earlier), _one(conn, later)
        if old.number == new.number:
            raise UsageError(f"{earlier!r} and {later!r} are one identity: {old.key}.")
        both = queries.first_listed(conn, old.number, only).keys() & queries.first_listed(conn, new.number, only).keys()
        if not both:
            raise UsageError(f"No fund{f' {fund}' if fund else ''} has listed both {old.key} and {new.key}.")
        known = [row.day for row in queries.links_between(conn, [old.number], [new.number], only)]
        listed = {one: queries.first_listed(conn, new.number, one)[one] for one in both}
        day = on or min([*known, *listed.values()])
        words = {one.issuer: Word(only.ticker if only else None, old.key, new.key, Verb.LINK, day, why) for one in both}
        effect = _say(speaking, conn, words, only, f"{new.key} continues {old.key} from files dated {day} on")
        if effect is None:
            when = ", ".join(
                f"{ticker} since {day}" for ticker, day in sorted((f.ticker, d) for f, d in listed.items())
            )
            raise UsageError(
                f"Nothing would change: {new.key} must appear in a file dated {day} or later, after {old.key}."
                f" It is listed in {when}."
            )
        return effect


def cut(speaking: Speaking, earlier: str, later: str, fund: str | None, why: str) -> Effect:
    """`later` does not continue `earlier`, whatever a rule says."""
    with transaction(speaking.engine) as conn:
        only = queries.find_fund(conn, fund) if fund is not None else None
        old, new = queries.find_identities(conn, earlier), queries.find_identities(conn, later)
        before, after = [one.number for one in old], [one.number for one in new]
        rows = queries.links_between(conn, before, after, only)
        if not rows:
            back = queries.links_between(conn, after, before, only)
            hint = " They are linked the other way round." if back else " See: holdings-monitor securities show"
            raise UsageError(f"No link leads from {earlier!r} to {later!r}{f' in {fund}' if fund else ''}.{hint}")
        keys = {one.id: one.key for one in (*old, *new)}
        pairs = {(row.earlier, row.later) for row in rows}
        if len(pairs) > 1:
            several = ", ".join(f"{a} → {b}" for a, b in sorted(pairs))
            raise UsageError(f"Several links lead from {earlier!r} to {later!r}: {several}. Name both by their ids.")
        a, b = (keys[one] for one in next(iter(pairs)))
        day = min(row.day for row in rows)
        words = {row.issuer: Word(only.ticker if only else None, a, b, Verb.CUT, day, why) for row in rows}
        effect = _say(speaking, conn, words, only, f"{b} does not continue {a}")
        if effect is None:
            raise UsageError(f"Nothing would change: {b} is linked to {a} by no rule that can be cut.")
        return effect


def _one(conn: Connection, said: str) -> Identity:
    """The one identity `said` means; several are the operator's to choose from."""
    found = queries.find_identities(conn, said)
    if len(found) > 1:
        listed = "\n".join(f"  {one.id}  {one.key:24} {one.name}" for one in found)
        raise UsageError(f"{said!r} means several identities. Say which one by its id:\n{listed}")
    return found[0]


def _say(
    speaking: Speaking, conn: Connection, words: Mapping[str, Word], fund: FundRef | None, said: str
) -> Effect | None:
    """Keeps the words and derives what follows, issuer by issuer; None when no link came or went."""
    gone: list[str] = []
    new: list[str] = []
    renamed = deliveries = 0
    moved = False
    for code, word in sorted(words.items()):
        if code not in speaking.sources:
            raise UsageError(f"The database holds files of {code!r}, but no source describes it. Add its TOML file.")
        intake = Intake(conn, speaking.sources[code], speaking.now)
        links, events = derived.link_lines(conn, intake.issuer), derived.event_bodies(conn, intake.issuer)
        operators.add_word(conn, intake.issuer, fund.id if fund is not None else None, word, speaking.now)
        intake.since, intake.because = word.day, f"An operator said: {said}."
        deliveries += conclude(intake, speaking.plan, _silent).deliveries
        links_now, events_now = derived.link_lines(conn, intake.issuer), derived.event_bodies(conn, intake.issuer)
        moved = moved or links != links_now
        before, after = _sentences(events), _sentences(events_now)
        gone += [*sorted(links - links_now), *sorted(before.keys() - after.keys())]
        new += [*sorted(links_now - links), *(f"{one} ({after[one]})" for one in sorted(after.keys() - before.keys()))]
        renamed += sum(before[one] != after[one] for one in before.keys() & after.keys())
    return Effect(said, tuple(gone), tuple(new), renamed, deliveries) if moved else None


def _sentences(events: Mapping[str, str]) -> dict[str, str]:
    """What the events say, each with its id: an event may keep its words and be of another security now."""
    found = {}
    for key, text in events.items():
        body = json.loads(text)
        found[f"{body['as_of']}  {', '.join(body['funds'])}  {body['kind']}  {body['claim']}"] = key
    return found


def _silent(_text: str, _count: int) -> None:
    """Progress that nobody watches."""
