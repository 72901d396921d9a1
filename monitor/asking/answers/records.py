"""Whom we have files of, how far they reach, and what a text may mean."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from monitor.asking.arguments import Asked
from monitor.core.errors import UsageError
from monitor.store import digests, outbox, queries
from monitor.store.engine import Connection
from monitor.store.outbox import DeliveryRow
from monitor.store.queries import Caused, CoverageRow, FundRow, HeldFile, IssuerRow, MatchRow, RevisionRow, Span


@dataclass(frozen=True, slots=True)
class ToldRow:
    """One message, or one line of a digest, because of a file. `form` says why it was sent (alert, update, correction,
    withdrawn), `message` is its key, `corrected_by` the key of the later message of the channel about the item."""

    issuer: str
    fund: str
    as_of: date
    sha256: str
    item: str
    kind: str
    headline: str
    holds: bool
    channel: str | None
    form: str | None
    state: str
    message: str | None
    created_at: datetime | None
    sent_at: datetime | None
    corrected_by: str | None


def issuers(conn: Connection, asked: Asked) -> Sequence[IssuerRow]:
    """Every issuer, by its code."""
    return queries.issuers(conn)


def funds(conn: Connection, asked: Asked) -> Sequence[FundRow]:
    """Every fund, by issuer and ticker."""
    return queries.funds(conn, asked.text("issuer"))


def coverage(conn: Connection, asked: Asked) -> Sequence[CoverageRow]:
    """The coverage of a fund, of an issuer's funds or of all."""
    fund, issuer = asked.fund(), asked.text("issuer")
    if fund is not None:
        return queries.coverage(conn, [fund])
    return queries.coverage(conn, None if issuer is None else queries.funds_known(conn, issuer))


def search(conn: Connection, asked: Asked) -> Sequence[MatchRow]:
    """What the text may mean."""
    text = asked.text("text")
    assert text is not None
    return queries.matches(conn, text, asked.count("limit") or 0)


def revisions(conn: Connection, asked: Asked) -> Sequence[RevisionRow]:
    """What we came to know, in that order."""
    since, until = asked.instant("since"), asked.instant("until")
    assert since is not None
    if until is not None and since > until:
        raise UsageError(f"since {since} is later than until {until}: nothing is between them.")
    return queries.revisions(conn, Span(since, until, asked.fund(), asked.text("issuer")))


def told(conn: Connection, asked: Asked) -> Sequence[ToldRow]:
    """What was told because of the file, by item, channel and time."""
    name = asked.text("file")
    assert name is not None
    file = queries.find_held(conn, name)
    if not isinstance(file, HeldFile):
        return []
    rows = []
    for one in queries.caused_by(conn, file):
        messages = sorted(outbox.listing(conn, item=one.item), key=lambda x: (x.channel, x.revision, x.id))
        found = [_sent(file, one, message, messages) for message in messages] + _in_digests(conn, file, one, messages)
        rows += found or [_row(file, one, "not promised")]
    return rows


def _row(
    file: HeldFile,
    one: Caused,
    state: str,
    channel: str | None = None,
    form: str | None = None,
    message: str | None = None,
    created_at: datetime | None = None,
    sent_at: datetime | None = None,
    corrected_by: str | None = None,
) -> ToldRow:
    return ToldRow(
        file.issuer,
        file.fund,
        file.as_of,
        file.sha256,
        one.item,
        one.kind,
        one.headline,
        one.current,
        channel,
        form,
        state,
        message,
        created_at,
        sent_at,
        corrected_by,
    )


def _sent(file: HeldFile, one: Caused, mine: DeliveryRow, messages: Iterable[DeliveryRow]) -> ToldRow:
    later = _after(mine.channel, mine.revision, messages)
    form = str(json.loads(mine.message)["form"])
    return _row(file, one, mine.state, mine.channel, form, mine.key, mine.created_at, mine.sent_at, later)


def _after(channel: str, revision: int, messages: Iterable[DeliveryRow]) -> str | None:
    """The next message of the channel about the item that takes back or corrects what was said before."""
    later = (one for one in messages if one.channel == channel and one.revision > revision and one.state != "withdrawn")
    return next((one.key for one in later if json.loads(one.message)["form"] in ("correction", "withdrawn")), None)


def _in_digests(conn: Connection, file: HeldFile, one: Caused, messages: Sequence[DeliveryRow]) -> list[ToldRow]:
    """The lines about the item in digests: what carried them, or that they wait."""
    lines = digests.entries_about(conn, [one.item])
    rows = []
    for line in lines:
        carried = outbox.listing(conn, item=line.digest) if line.digest is not None else []
        by = next((message for message in carried if message.channel == line.channel), None)
        later = next((x.digest for x in lines if x.channel == line.channel and x.revision > line.revision), None)
        form = str(json.loads(line.message)["form"])
        corrected = _after(line.channel, line.revision, messages) or (later and f"{later}:1:{line.channel}")
        state, key, sent = (line.state, None, None) if by is None else (by.state, by.key, by.sent_at)
        rows.append(_row(file, one, state, line.channel, form, key, line.created_at, sent, corrected))
    return rows
