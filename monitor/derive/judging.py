"""May a file be believed? The preferred revision of each fund, and what it settles about the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from monitor.core import quality
from monitor.core.flows import Label
from monitor.core.model import Convention, Reason, Snapshot, Standing, Verdict
from monitor.core.sessions import pos_session
from monitor.derive.setting import Measured, Setting
from monitor.store.derived import StandingLine
from monitor.store.past import SnapshotRow
from monitor.store.save import findings_of

# Warnings that make one file too little to say that a position is gone.
DOUBTS = frozenset(("rows", "value", "weights", "weight-value", "duplicates", "ids", "stale", "numbers"))


@dataclass(frozen=True, slots=True)
class Judged:
    """A file the gates let through, to be compared with the fund's previous one. `warned`: one file like
    this does not prove an exit; `stale`: it repeats the one before."""

    ticker: str
    snapshot: Snapshot
    warned: bool
    stale: bool


class Judge:
    """Weighs the files of a day."""

    def __init__(self, at: Setting) -> None:
        self.at = at

    def judge(self, ticker: str, rows: Sequence[SnapshotRow], as_of: date) -> list[Judged]:
        """The files to compare now: the preferred revision, before it a quarantined file it redeems."""
        weighed = [(self._weigh(ticker, row), row) for row in rows]
        verdict, row = max(weighed, key=_preference)
        for other_verdict, other in weighed:
            if other is not row:
                self._stand(ticker, other, replace(other_verdict, standing=_passed_over(other_verdict)), as_of)
        fund = self.at.book.fund(ticker)
        if fund.waiting is not None:
            return self._decide_waiting(ticker, fund.waiting, row, verdict, as_of)
        self._stand(ticker, row, verdict, as_of)
        if verdict.standing is not Standing.ACCEPTED:
            fund.waiting = row if verdict.standing is Standing.QUARANTINED else None
            return []
        return [self._judged(ticker, row, verdict)]

    def _weigh(self, ticker: str, row: SnapshotRow, beside: Snapshot | None = None) -> Verdict:
        """The verdict on one file beside the fund's previous one, or beside another file given."""
        if row.operator == "accept":
            return Verdict(Standing.ACCEPTED, (), (Reason("operator", "accepted by the operator"),))
        if row.operator == "reject":
            return Verdict(Standing.REJECTED, (Reason("operator", "rejected by the operator"),))
        convention = self.at.convention(ticker, row)
        findings = findings_of(row.warnings) + quality.dating(
            row.as_of,
            is_session=self.at.sessions(ticker).is_session(row.as_of),
            any_day=convention in (Convention.CALENDAR, Convention.MONTH_END, Convention.UNKNOWN),
            inception=self.at.inception(ticker),
        )
        fund = self.at.book.fund(ticker)
        previous = beside if beside is not None else fund.previous
        if previous is not None:
            snapshot = self.at.snapshot(ticker, row)
            seen = self.at.measured(ticker, previous, snapshot)
            gap = self.at.gap(ticker, previous.pos_session, snapshot.pos_session)
            pair = quality.Comparison(seen.sides, gap, seen.flow.factor, seen.flow.known)
            findings += quality.against(pair)
            if not any(f.gate == "stale" for f in findings):
                findings += self._idling(ticker, pair, seen)
        return quality.verdict(findings)

    def _idling(self, ticker: str, pair: quality.Comparison, seen: Measured) -> list[quality.Finding]:
        unchanged = sum(label is Label.UNCHANGED for label in seen.labels.values())
        if unchanged < len(seen.counts):
            return []
        idle = self.at.book.idle(ticker)
        return quality.idling(pair, unchanged, len(seen.counts), sum(idle), len(idle))

    def _decide_waiting(
        self, ticker: str, waiting: SnapshotRow, row: SnapshotRow, verdict: Verdict, as_of: date
    ) -> list[Judged]:
        """A quarantined file waits: this one agrees with it (both count), with the one before, or with none."""
        fund = self.at.book.fund(ticker)
        if verdict.standing is Standing.ACCEPTED:
            fund.waiting = None
            doubted = self._weigh(ticker, waiting)
            self._stand(ticker, waiting, replace(doubted, standing=Standing.DISCARDED), as_of)
            self._stand(ticker, row, verdict, as_of)
            return [self._judged(ticker, row, verdict)]
        redeemable = not quality.is_lasting(findings_of(waiting.warnings)) and not self._is_cut(ticker, waiting)
        beside = self.at.snapshot(ticker, waiting)
        agreed = self._weigh(ticker, row, beside) if redeemable else verdict
        fund.waiting = None
        if agreed.standing is not Standing.ACCEPTED:
            self._stand(ticker, row, verdict, as_of)
            fund.waiting = row if verdict.standing is Standing.QUARANTINED else waiting
            return []
        doubted = self._weigh(ticker, waiting)
        redeemed = Verdict(Standing.ACCEPTED, (), doubted.reasons + doubted.warnings)
        self._stand(ticker, waiting, redeemed, as_of)
        self._stand(ticker, row, agreed, as_of)
        return [self._judged(ticker, waiting, redeemed), self._judged(ticker, row, agreed)]

    def _is_cut(self, ticker: str, waiting: SnapshotRow) -> bool:
        """Two lists of which the same part is missing confirm nothing, where everything the fund holds is listed."""
        return self.at.source.lists_cash and any(r.gate == "cut" for r in self._weigh(ticker, waiting).reasons)

    def _stand(self, ticker: str, row: SnapshotRow, verdict: Verdict, day: date) -> None:
        convention = self.at.convention(ticker, row)
        session = pos_session(self.at.sessions(ticker), convention, row.as_of)
        settled = row.as_of if verdict.standing is Standing.QUARANTINED else max(day, row.as_of)
        self.at.book.new.standings[row.fund, row.id] = StandingLine(
            row.fund,
            row.id,
            row.as_of,
            settled,
            verdict.standing,
            convention,
            session,
            verdict.reasons,
            verdict.warnings,
        )

    def _judged(self, ticker: str, row: SnapshotRow, verdict: Verdict) -> Judged:
        gates = {w.gate for w in verdict.warnings}
        return Judged(ticker, self.at.snapshot(ticker, row), bool(gates & DOUBTS), "stale" in gates)


def _preference(weighed: tuple[Verdict, SnapshotRow]) -> tuple[bool, str, int, int, str]:
    """Of several versions of one day: one the gates let through, then the newest, then the one with fewer
    doubts, then the longer – and the hash last, so that the order of loading never decides."""
    verdict, row = weighed
    published, _, sha256 = row.rank.rpartition("|")
    return verdict.standing is Standing.ACCEPTED, published, -len(verdict.warnings), row.lines, sha256


def _passed_over(verdict: Verdict) -> Standing:
    """What becomes of a revision that is not preferred; why the gates held it stays with it."""
    match verdict.standing:
        case Standing.ACCEPTED:
            return Standing.SUPERSEDED
        case Standing.QUARANTINED:
            return Standing.DISCARDED
        case other:
            return other
