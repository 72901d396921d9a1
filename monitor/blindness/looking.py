"""One look at all watched funds: decides what begins and ends, records it, and promises the notices, as one.

Who looks holds the lease, and shows it in the transaction that writes: of two daemons one says it, once. The only
thing asked of the network is the issuer's page, when a file is gone and its fund's incident is about to begin.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from monitor import telling
from monitor.blindness.all_clear import all_clear, is_due
from monitor.blindness.seeing import see
from monitor.config import Blindness
from monitor.core import blindness_words
from monitor.core.blindness import FORGOTTEN, Closing, Decision, Incident, Note, Opening, decide
from monitor.core.blindness_words import Words
from monitor.core.errors import StoreError
from monitor.core.model import Severity
from monitor.core.sight import UNSEEN, Cause, FundSight
from monitor.notify.message import notice
from monitor.sources.fetch import Fetcher
from monitor.sources.renaming import Page, allowed, fetch_page, pages, proposals
from monitor.sources.spec import Source
from monitor.store import incidents, leases, sights, workers
from monitor.store.engine import Connection, Engine, reading, transaction
from monitor.store.incidents import NewIncident

LEASE = "look"
PAGES = 8  # asked in one look at most
LOUD = frozenset({Cause.FAILING, Cause.RENAMED, Cause.CLOSED, Cause.QUARANTINE, Cause.UNREACHABLE})
Proposed = Mapping[str, tuple[str, ...]]  # by subject of the fund


@dataclass(frozen=True, slots=True)
class Looking:
    """What a look needs: what is watched, how patient to be, whom to tell, and who looks until when."""

    sources: Mapping[str, Source]
    watched: Sequence[tuple[str, str]]  # issuer and ticker
    settings: Blindness
    operators: tuple[str, ...]
    fetcher: Fetcher
    holder: str
    lease_seconds: float
    all_clear: str | None = None  # the time of day at which all is well is said
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class LookReport:
    """The headlines of what began and what ended; `looked` is False where another process looks just now."""

    opened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    looked: bool = True


def look(engine: Engine, looking: Looking, now: datetime) -> LookReport:
    """Decides, records and promises; nothing when another process is about it. Where all is as it was, nothing is
    written: who looks often makes nobody wait."""
    foreseen = _foreseen(engine, looking, now)
    if foreseen is None:
        return LookReport()
    lease = leases.acquire(engine, LEASE, looking.holder, now, looking.lease_seconds, workers.is_gone)
    if lease is None:
        return LookReport(looked=False)
    try:
        proposed = _ask_issuers(looking, now, foreseen.openings)
        with transaction(engine) as conn:
            if not leases.still_held(conn, lease):
                return LookReport(looked=False)
            return _said(conn, looking, now, proposed)
    finally:
        with suppress(StoreError):  # it ends by itself, and what was found is told
            leases.release(engine, lease)


def _foreseen(engine: Engine, looking: Looking, now: datetime) -> Decision | None:
    """What is about to be said, so that issuers can be asked before anything is written; None: nothing."""
    decision = Decision()
    with reading(engine) as conn:
        if looking.settings.enabled:
            seen = see(conn, looking.sources, looking.watched, now, looking.settings)
            decision = _decide(conn, seen, looking, now, {})
        daily = looking.all_clear is not None and is_due(conn, looking.all_clear, looking.zone, now)
    return decision if daily or decision != Decision() else None


def _said(conn: Connection, looking: Looking, now: datetime, proposed: Proposed) -> LookReport:
    """Decides on what is so within the transaction that records it."""
    seen = see(conn, looking.sources, looking.watched, now, looking.settings)
    report = LookReport()
    if looking.settings.enabled:
        report = _record(conn, looking, now, _decide(conn, seen, looking, now, proposed))
    if looking.all_clear is not None and is_due(conn, looking.all_clear, looking.zone, now):
        all_clear(conn, seen, looking.zone, looking.operators, now)
    return report


def _decide(
    conn: Connection, seen: Sequence[FundSight], looking: Looking, now: datetime, proposed: Proposed
) -> Decision:
    shown = [replace(one, proposals=proposed.get(one.subject, ())) for one in seen]
    lasting = incidents.lasting(conn)
    return decide(shown, lasting, now, looking.settings.failures, _forgotten(conn, lasting, now))


def _forgotten(conn: Connection, lasting: Sequence[Incident], now: datetime) -> set[str]:
    """Incidents of funds that nobody has looked for lately: they are watched no longer."""
    found = set()
    for one in lasting:
        kind, _, name = one.subject.partition(":")
        issuer, _, ticker = name.partition("/")
        since = max(one.opened_at, now - FORGOTTEN)
        old = kind in ("fund", "issuer") and one.opened_at < now - FORGOTTEN
        if old and not sights.asked_since(conn, issuer, ticker or None, since):
            found.add(one.subject)
    return found


# --- renamed files --------------------------------------------------------------------------------


def _ask_issuers(looking: Looking, now: datetime, openings: Sequence[Opening]) -> dict[str, tuple[str, ...]]:
    """New addresses for the files that are gone, as the pages of their issuers show them."""
    known: dict[str, Page | None] = {}
    found = {}
    for opening in openings:
        if opening.cause not in UNSEEN:
            continue
        for fund in opening.funds:
            if fund.looks and fund.looks[0].is_gone:
                found[fund.subject] = _ask_issuer(looking, fund, now, known)
    return found


def _ask_issuer(looking: Looking, fund: FundSight, now: datetime, known: dict[str, Page | None]) -> tuple[str, ...]:
    source = looking.sources[fund.issuer]
    spec = source.funds[fund.ticker]
    address = spec.url.on(now.date()) if spec.url is not None else ""
    for url in pages(source, spec, address):
        if url not in known:
            if len(known) >= PAGES:
                continue
            known[url] = fetch_page(looking.fetcher, url, source.http)
        page = known[url]
        if page is None:
            continue
        found = allowed(proposals(page, address, fund.ticker, source.funds), looking.fetcher, source.http)
        if found:
            return found
    return ()


# --- recording ------------------------------------------------------------------------------------


def _record(conn: Connection, looking: Looking, now: datetime, decision: Decision) -> LookReport:
    for closing in decision.closings:
        incidents.close(conn, closing.incident.id, now)
    closed = [_end(conn, looking, now, one) for one in decision.closings if one.told]
    opened = [_begin(conn, looking, now, one) for one in decision.openings]
    return LookReport((*opened, *_note(conn, looking, now, decision.notes)), tuple(closed))


def _begin(conn: Connection, looking: Looking, now: datetime, opening: Opening) -> str:
    words = blindness_words.opened(opening)
    name = _name("I", opening.subject, opening.cause, now)
    detail = "\n".join(words.lines)
    incidents.add(conn, NewIncident(opening.subject, opening.cause, now, words.headline, detail, name))
    severity = Severity.HIGH if opening.cause in LOUD else Severity.NORMAL
    _tell(conn, looking, now, name, words, severity)
    return words.headline


def _end(conn: Connection, looking: Looking, now: datetime, closing: Closing) -> str:
    words = blindness_words.closed(closing, now)
    incident = closing.incident
    _tell(conn, looking, now, _name("E", incident.subject, incident.cause, incident.opened_at), words)
    return words.headline


def _note(conn: Connection, looking: Looking, now: datetime, notes: Sequence[Note]) -> list[str]:
    """Records files that never came, each under the instant its successor became known: the same for whoever looks.
    Those of one issuer are one notice."""
    told: dict[str, list[Note]] = {}
    for note in notes:
        mates = told.setdefault(note.fund.issuer, []) if note.told else []
        first = (mates or [note])[0]
        name = _name("I", first.fund.subject, Cause.MISSING, first.hole.after.known_at) if note.told else None
        words, at = blindness_words.noted([note]), note.hole.after.known_at
        detail = "\n".join(words.lines)
        row = NewIncident(note.fund.subject, Cause.MISSING, at, words.headline, detail, name, ended=True)
        if incidents.add(conn, row) and note.told:
            mates.append(note)
    return [_tell_holes(conn, looking, now, mates) for mates in told.values() if mates]


def _tell_holes(conn: Connection, looking: Looking, now: datetime, notes: Sequence[Note]) -> str:
    words, first = blindness_words.noted(notes), notes[0]
    name = _name("I", first.fund.subject, Cause.MISSING, first.hole.after.known_at)
    _tell(conn, looking, now, name, words)
    return words.headline


def _name(letter: str, subject: str, cause: Cause, at: datetime) -> str:
    """The notice's id: the same whoever makes it."""
    return letter + hashlib.sha256(f"{subject} {cause} {at.isoformat()}".encode()).hexdigest()[:15]


def _tell(
    conn: Connection, looking: Looking, now: datetime, name: str, words: Words, severity: Severity = Severity.NORMAL
) -> None:
    message = notice(name, words.headline, at=now, lines=words.lines, severity=severity)
    telling.tell_operator(conn, message, looking.operators, now)
