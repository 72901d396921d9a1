"""What the program itself keeps a record of: files it did not believe, messages, and where it was blind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from monitor.asking.arguments import Asked
from monitor.store import digests, incidents, outbox, queries
from monitor.store.digests import Entry
from monitor.store.engine import Connection
from monitor.store.incidents import IncidentRow
from monitor.store.outbox import DeliveryRow
from monitor.store.queries.held import HELD, NOT_COUNTED


@dataclass(frozen=True, slots=True)
class FileReason:
    """Why a file was not believed: the gate, and what it says."""

    gate: str
    text: str


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that does not count. `file` names it for `quarantine show`, `accept` and `reject`."""

    file: str
    state: str
    issuer: str
    fund: str | None
    as_of: date | None
    reasons: tuple[FileReason, ...]
    place: str
    sha256: str
    known_at: str


@dataclass(frozen=True, slots=True)
class Told:
    """One message to one channel, or a line that waits for a digest: then `cadence` says which."""

    id: int
    item: str
    revision: int
    channel: str
    severity: str
    state: str
    attempts: int | None
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    error: str | None
    headline: str | None
    form: str | None
    cadence: str | None


def quarantine(conn: Connection, asked: Asked) -> Sequence[KeptFile]:
    """The files that wait; with `all` also those discarded, rejected and refused."""
    return kept_files(conn, everything=asked.flag("all"))


def kept_files(conn: Connection, *, everything: bool) -> list[KeptFile]:
    """The files that wait, by fund and date; with `everything` also those discarded, rejected and, last, refused."""
    found = [
        KeptFile(
            one.ref,
            one.standing,
            one.issuer,
            one.fund,
            one.as_of,
            tuple(FileReason(str(reason.gate), reason.text) for reason in one.reasons),
            one.place,
            one.sha256,
            one.known_at,
        )
        for one in queries.held_files(conn, standings=NOT_COUNTED if everything else HELD)
    ]
    for one in queries.refused_files(conn) if everything else ():
        reasons = (FileReason(one.code, one.text),)
        found.append(
            KeptFile(one.ref, "refused", one.issuer, one.fund, None, reasons, one.place, one.sha256, one.first_at)
        )
    return found


def alerts(conn: Connection, asked: Asked) -> Sequence[Told]:
    """The messages, newest first; of an item also the digests that carried it."""
    state, item, channel = asked.text("state"), asked.text("item"), asked.text("channel")
    if state == "waiting":
        return [_waiting(one) for one in digests.listing(conn, state, item=item, channel=channel)]
    failing = asked.flag("failing")
    carriers = digests.carriers(conn, item) if item is not None else ()
    found = outbox.listing(conn, state=state, item=item, digests=carriers, channel=channel, failing=failing)
    return [_told(one) for one in found]


def blind_spots(conn: Connection, asked: Asked) -> Sequence[IncidentRow]:
    """The incidents that last; with `all` every one there was."""
    return incidents.listing(conn, everything=asked.flag("all"))


def _told(one: DeliveryRow) -> Told:
    headline, form = _said(one.message)
    return Told(
        one.id, one.item, one.revision, one.channel, one.severity, one.state, one.attempts, one.created_at, one.due_at,
        one.sent_at, one.error, headline, form, None,
    )  # fmt: skip


def _waiting(one: Entry) -> Told:
    headline, form = _said(one.message)
    return Told(
        one.id, one.item, one.revision, one.channel, one.severity, one.state, None, one.created_at, one.due_at,
        None, None, headline, form, one.cadence,
    )  # fmt: skip


def _said(message: str) -> tuple[str | None, str | None]:
    tree = json.loads(message)
    return tree.get("headline"), tree.get("form")
