"""Stores pieces as history, a chunk in each transaction: files as snapshots, schedules as evidence, and absences.

Facts first, with the mark that they are not derived yet: a run that is killed loses at most what it had not stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor import schedules
from monitor.backfill.asking import Piece
from monitor.bodies import Bodies, Body
from monitor.core.filling import ANY_TIME, Period
from monitor.core.model import Arrival
from monitor.core.sessions import Sessions
from monitor.intake import FileOutcome, Intake, expect, fund_number, fund_row, fund_rows, take
from monitor.preparing import Prepared, prepare
from monitor.sources.spec import Source
from monitor.store.engine import Connection, Engine, transaction
from monitor.store.names import Names
from monitor.store.save import FetchRow, FundRow
from monitor.store.turns import in_turn

CHUNK_BYTES = 32 << 20  # bodies held at once, about


@dataclass(slots=True)
class Storing:
    """Stores what comes for `funds` (tickers) of one source, files dated in `period` alone; `outcomes` says what became
    of each piece, `names` are remembered from one chunk to the next."""

    engine: Engine
    source: Source
    funds: frozenset[str]
    calendar: Sessions
    now: datetime
    period: Period = ANY_TIME
    names: Names = field(default_factory=Names)
    outcomes: list[FileOutcome] = field(default_factory=list)

    def store(self, pieces: Iterable[Piece], chunk: int) -> None:
        """Stores all pieces, so many together."""
        for some in chunks(pieces, chunk):
            self.keep(some)

    def keep(self, pieces: Sequence[Piece]) -> None:
        """Stores these pieces in one transaction."""
        bodies = Bodies(self.source, self.funds, self.period)
        prepared = [self._prepared(bodies, piece) for piece in pieces]
        with self.names.kept():
            if any(piece.origin is not None for piece in pieces):  # evidence looks at what was written before it
                with transaction(self.engine) as conn:
                    self._written(conn, self._gathered(conn, 0, pieces, prepared))
            else:
                self._keep(pieces, prepared)

    def _prepared(self, bodies: Bodies, piece: Piece) -> Prepared | None:
        if piece.content is None or piece.origin is not None:
            return None
        return prepare(bodies, _body(piece, piece.content))

    def _keep(self, pieces: Sequence[Piece], prepared: Sequence[Prepared | None]) -> None:
        def gather(conn: Connection, issuer: int) -> Intake:
            return self._gathered(conn, issuer, pieces, prepared)

        funds = list(self._funds(pieces, prepared))
        in_turn(self.engine, self.source.id, self.source.name, funds, gather, self._written)

    def _funds(self, pieces: Sequence[Piece], prepared: Sequence[Prepared | None]) -> Iterator[FundRow]:
        """The funds that something will be stored of."""
        for piece, one in zip(pieces, prepared, strict=True):
            if one is not None:
                yield from fund_rows(self.source, [one])
            elif not piece.known:
                yield from (fund_row(self.source, self.source.fund(ticker)) for ticker in self._concerned(piece))

    def _concerned(self, piece: Piece) -> list[str]:
        """The funds of which a piece without a body tells something."""
        return sorted(self.funds) if piece.fund is None else [piece.fund]

    def _gathered(
        self, conn: Connection, issuer: int, pieces: Sequence[Piece], prepared: Sequence[Prepared | None]
    ) -> Intake:
        intake = Intake(conn, self.source, self.now, issuer, self.names, only=self.funds)
        expect(intake, [one for one in prepared if one is not None])
        for piece, one in zip(pieces, prepared, strict=True):
            if one is not None:
                take(intake, one)
            else:
                self._piece(intake, piece)
        intake.facts.name()
        return intake

    def _written(self, conn: Connection, intake: Intake) -> None:
        intake.write(conn)
        self.outcomes += intake.outcomes

    def _piece(self, intake: Intake, piece: Piece) -> None:
        if piece.content is None:
            self._nothing(intake, piece)
        elif piece.origin is not None and piece.fund is not None:
            spec = self.source.fund(piece.fund)
            schedules.take(intake, spec, piece.place, piece.content, piece.origin, self.calendar, series=piece.series)
            if piece.status is not None:  # an address, not a file: it need not be asked again
                row = self._row(intake, piece, piece.fund, intake.outcomes[-1].outcome)
                intake.facts.add_fetch(row)

    def _nothing(self, intake: Intake, piece: Piece) -> None:
        if piece.known:
            intake.outcomes.append(FileOutcome(piece.place, "heartbeat", piece.fund))
            return
        outcome = "absent" if piece.absent else "failed"
        for ticker in self._concerned(piece):
            intake.facts.add_fetch(self._row(intake, piece, ticker, outcome))
        intake.outcomes.append(FileOutcome(piece.place, outcome, piece.fund, piece.day, text=piece.detail))

    def _row(self, intake: Intake, piece: Piece, ticker: str, outcome: str) -> FetchRow:
        number = fund_number(intake, self.source.fund(ticker))
        return FetchRow(
            intake.issuer, number, piece.place, Arrival.HISTORY, self.now, outcome, piece.status, detail=piece.detail
        )


def _body(piece: Piece, content: bytes) -> Body:
    captured = None if piece.captured is None else piece.captured.isoformat()
    return Body(
        piece.place,
        content,
        Arrival.HISTORY,
        piece.fund,
        status=piece.status,
        last_modified=captured,
        captured=piece.captured,
        redirected=piece.redirected,
        named=piece.name,
        fetched=piece.captured,
        presumed=piece.presumed,
    )


def chunks(pieces: Iterable[Piece], most: int, largest: int = CHUNK_BYTES) -> Iterator[list[Piece]]:
    """Up to `most` pieces together, fewer where they have more than `largest` bytes."""
    some: list[Piece] = []
    size = 0
    for piece in pieces:
        some.append(piece)
        size += len(piece.content or b"")
        if len(some) >= most or size >= largest:
            yield some
            some, size = [], 0
    if some:
        yield some
