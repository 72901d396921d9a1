"""Which incidents begin and which end, from what is seen of every fund and what has been told. Pure.

One notice at the beginning, one at the end. What all funds of an issuer (two or more) have in common is the
issuer's incident, what all issuers have in common is everybody's; the smaller ones it absorbs end without a word.
When a larger one ends, what is still blind begins anew with its own notice. A fund has one incident at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.sight import GROUPED, UNSEEN, Cause, Cover, FundSight, Hole, cause_of

EVERYBODY = "all"
NEW = 0  # the number of an incident that is not recorded yet
ROUNDS = 4
GRACE = timedelta(hours=1)  # files of one issuer come within it: who is late waits for its sisters
PATIENCE = timedelta(days=1)  # after which a fund that nobody asks no longer holds up the end of a larger incident
FORGOTTEN = timedelta(days=7)  # an incident of funds that nobody has asked for so long is over


@dataclass(frozen=True, slots=True)
class Incident:
    """One that lasts, as it was told."""

    id: int
    subject: str
    cause: Cause
    opened_at: datetime

    @property
    def cover(self) -> Cover:
        """What it means for a fund it concerns."""
        return Cover(self.cause, self.opened_at)


@dataclass(frozen=True, slots=True)
class Opening:
    """An incident that begins: what it concerns, why, and the funds in it."""

    subject: str
    cause: Cause
    funds: tuple[FundSight, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """An incident that ends. `told` is False where a larger one goes on with it, or nobody looks any more."""

    incident: Incident
    funds: tuple[FundSight, ...]
    told: bool = True


@dataclass(frozen=True, slots=True)
class Note:
    """A hole in a fund's files, said once. `told` is False where the end of an incident says it."""

    fund: FundSight
    hole: Hole
    told: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be recorded and said."""

    openings: tuple[Opening, ...] = ()
    closings: tuple[Closing, ...] = ()
    notes: tuple[Note, ...] = ()


def decide(
    sights: Sequence[FundSight],
    lasting: Sequence[Incident],
    now: datetime,
    failures: int,
    forgotten: Collection[str] = (),
) -> Decision:
    """What begins and what ends now. `failures` looks in vain in a row are no accident any more.

    Incidents of funds that are not among `sights` are somebody else's and go on, unless they are `forgotten`.
    """
    view, wanted = _settle(sights, lasting, now, failures)
    closings = [view.closing(one, wanted) for one in lasting if view.knows(one) and one not in view.lasting.values()]
    closings += [Closing(one, (), told=False) for one in lasting if one.subject in forgotten and not view.knows(one)]
    openings = (wanted[one.subject] for one in view.lasting.values() if one.id == NEW)
    covered = {one.subject for one in lasting}
    notes = (Note(one, one.hole, not covered & _subjects(one)) for one in sights if one.hole is not None)
    return Decision(tuple(openings), tuple(closings), tuple(notes))


def _settle(
    sights: Sequence[FundSight], lasting: Sequence[Incident], now: datetime, failures: int
) -> tuple[_View, Mapping[str, Opening]]:
    """Looks until looking again changes nothing: an issuer's incident may be the last that everybody's needs."""
    view = _View(sights, {one.subject: one for one in lasting}, now, failures)
    wanted = view.wanted()
    for _ in range(ROUNDS):  # pragma: no branch – two are enough for all that is known
        after = view.after(wanted)
        if after == view.lasting:
            break
        view = _View(sights, after, now, failures)
        wanted = view.wanted()
    return view, wanted


class _View:
    """Everything seen at one moment."""

    def __init__(
        self, sights: Sequence[FundSight], lasting: Mapping[str, Incident], now: datetime, failures: int
    ) -> None:
        self.sights, self.lasting, self.now, self.failures = sights, lasting, now, failures
        self.issuers: dict[str, list[FundSight]] = {}
        for one in sights:
            self.issuers.setdefault(one.issuer, []).append(one)
        self.causes = {one.subject: self._cause(one) for one in sights}

    # --- single funds -----------------------------------------------------------------------------

    def _covers(self, fund: FundSight) -> list[Cover]:
        return [self.lasting[one].cover for one in _subjects(fund) if one in self.lasting]

    def _cause(self, fund: FundSight) -> Cause | None:
        sisters = [one for one in self.issuers[fund.issuer] if one.closed is None]
        alone = len(sisters) < 2 or any(not one.closing for one in sisters)
        return cause_of(fund, self._covers(fund), self.now, self.failures, alone=alone)

    def _open_funds(self, issuer: str) -> list[FundSight]:
        """The issuer's funds that publish and have been asked."""
        found = self.issuers.get(issuer, ())
        return [one for one in found if one.looks and self.causes[one.subject] is not Cause.CLOSED]

    # --- what should be open ----------------------------------------------------------------------

    def wanted(self) -> dict[str, Opening]:
        """Every incident that should last from now on, by subject."""
        found: dict[str, Opening] = {}
        everybody = self._everybody()
        if everybody is not None:
            found[EVERYBODY] = everybody
        for issuer in self.issuers:
            whole = None if everybody is not None else self._issuer(issuer)
            if whole is not None:
                found[whole.subject] = whole
            grouped = everybody is not None or whole is not None
            found |= {one.subject: one for one in self._single(issuer, grouped)}
        return found

    def _single(self, issuer: str, grouped: bool) -> Iterable[Opening]:
        for fund in self.issuers[issuer]:
            cause = self.causes[fund.subject]
            own = self.lasting.get(fund.subject)
            absorbed = grouped and cause is not Cause.CLOSED and (cause if own is None else own.cause) in GROUPED
            if cause is None or absorbed:
                continue
            if own is not None or not self._waits(fund, cause):
                yield Opening(fund.subject, cause, (fund,))

    def _issuer(self, issuer: str) -> Opening | None:
        subject, funds = f"issuer:{issuer}", self._open_funds(issuer)
        blind = [one for one in funds if self.causes[one.subject] in GROUPED]
        seeing = [one for one in funds if one not in blind]
        lasting = subject in self.lasting
        if not blind or (seeing and not (lasting and self._unsettled(blind, seeing))):
            return None
        if len(funds) < 2 and not lasting:
            return None
        late = all(self.causes[one.subject] is Cause.LATE for one in blind)
        return Opening(subject, Cause.LATE if late else Cause.FAILING, tuple(blind))

    def _everybody(self) -> Opening | None:
        funds = [one for issuer in self.issuers for one in self._open_funds(issuer)]
        cut_off = [one for one in funds if one.is_unreachable and self.causes[one.subject] in UNSEEN]
        answered = [one for one in funds if one not in cut_off]
        lasting = EVERYBODY in self.lasting
        if not cut_off or (answered and not (lasting and self._unsettled(cut_off, answered))):
            return None
        if len({one.issuer for one in funds}) < 2 and not lasting:
            return None
        return Opening(EVERYBODY, Cause.UNREACHABLE, tuple(cut_off))

    def _unsettled(self, blind: Sequence[FundSight], seeing: Sequence[FundSight]) -> bool:
        """Whether a larger incident goes on: those still blind may only not have been asked since the others were."""
        since = min((at for one in seeing if (at := self._again_at(one)) is not None), default=None)
        if since is None or self.now - since >= PATIENCE:
            return False
        return any(
            self.now - since < GRACE
            if self.causes[one.subject] is Cause.LATE
            else one.asked_at is not None and one.asked_at < since
            for one in blind
        )

    def _again_at(self, fund: FundSight) -> datetime | None:
        """When a fund that is seen again was first heard of, as far as its looks tell."""
        late = any(one.cause is Cause.LATE for one in self._covers(fund))
        if late and fund.last is not None:
            return fund.last.known_at
        return fund.asked_at

    def _waits(self, fund: FundSight, cause: Cause) -> bool:
        """Whether a notice about one fund should wait, because it looks like one about all of them."""
        sisters = [one for one in self._open_funds(fund.issuer) if one is not fund]
        if cause is Cause.LATE:
            soon = fund.late_from is not None and self.now < fund.late_from + GRACE
            return soon and bool(sisters) and all(one.late_from is not None for one in sisters)
        if cause not in UNSEEN or fund.failures >= 2 * self.failures:
            return False
        others = [one for one in self.sights if one.issuer != fund.issuer and one in self._open_funds(one.issuer)]
        alike = bool(sisters) and all(one.failures for one in sisters)
        cut_off = fund.is_unreachable and bool(others) and all(one.is_unreachable for one in [*sisters, *others])
        return alike or cut_off

    # --- what ends --------------------------------------------------------------------------------

    def knows(self, incident: Incident) -> bool:
        """Whether any fund we see is concerned."""
        return any(incident.subject in _subjects(one) for one in self.sights)

    def after(self, wanted: Mapping[str, Opening]) -> dict[str, Incident]:
        """What lasts once `wanted` is done; somebody else's incidents go on."""
        found = {subject: one for subject, one in self.lasting.items() if not self.knows(one)}
        for subject, opening in wanted.items():
            known = self.lasting.get(subject)
            if known is None or (opening.cause is Cause.CLOSED and known.cause is not Cause.CLOSED):
                known = Incident(NEW, subject, opening.cause, self.now)
            found[subject] = known
        return found

    def closing(self, incident: Incident, wanted: Mapping[str, Opening]) -> Closing:
        """The end of `incident`, and whether it is told."""
        funds = [one for one in self.sights if incident.subject in _subjects(one)]
        issuers = {f"issuer:{one.issuer}" for one in funds}
        larger = incident.subject != EVERYBODY and EVERYBODY in wanted
        larger |= incident.subject.startswith("fund:") and bool(issuers & wanted.keys())
        replaced = incident.subject in wanted  # by the question whether the fund has closed
        return Closing(incident, tuple(funds), told=not larger and not replaced)


def _subjects(fund: FundSight) -> set[str]:
    """The subjects of incidents that concern the fund."""
    return {fund.subject, f"issuer:{fund.issuer}", EVERYBODY}
