"""Decides who hears of an item, and how soon: rules, the defaults where no rule speaks, mutes. It tells nobody.

Every condition a rule gives must hold, and all rules that match count. A channel gets one message, at the most urgent
of what its rules say; `never` silences it unless another matching rule names the channel itself. Where no rule speaks
of a channel, the defaults of `[alerts]` hold for the channels that hear them. A mute leaves the route as it is and
says that it is muted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from monitor.core.hours import Cadence, Hours
from monitor.core.model import FundPart, Item, Kind, SecurityRef, Severity
from monitor.core.ranking import rough_dollars

ENTRIES = frozenset({Kind.INITIATED, Kind.INITIATED_AT_ISSUER, Kind.RE_ENTERED, Kind.RESUMED})
LOUDNESS = (Severity.LOW, Severity.NORMAL, Severity.HIGH)
URGENCY = (Cadence.NOW, Cadence.DAILY, Cadence.WEEKLY, Cadence.NEVER)
Document = Mapping[str, Any]  # a stored item: the keys that `changes` documents


# --- what rules look at ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subject:
    """An item as rules see it. `labels` are all names of its security, folded: public id, tickers (former ones, too),
    names, identifiers. `dollars` is rough, `basis_points` of the fund that changed most; None is unknown."""

    kind: Kind
    issuer: str
    funds: frozenset[str]
    labels: frozenset[str]
    severity: Severity
    score: int
    dollars: float | None
    basis_points: float | None
    absence: int | None
    day: date

    def also_called(self, names: Iterable[str]) -> Subject:
        """The same with more names of its security."""
        return replace(self, labels=self.labels | labels_of(names))


def subject_of(item: Item, security: SecurityRef) -> Subject:
    """What rules see of an item that was just derived."""
    return Subject(
        kind=item.kind,
        issuer=item.issuer,
        funds=frozenset(part.fund for part in item.funds),
        labels=labels_of(security_names(security)),
        severity=item.severity,
        score=item.score,
        dollars=rough_dollars(item.value, item.currency),
        basis_points=_basis_points(item.kind, item.funds, item.weight_before),
        absence=item.absence.sessions if item.absence is not None else None,
        day=item.day,
    )


def subject_of_document(body: Document, day: date) -> Subject:
    """What rules see of a stored item; `day` is the day that settled it."""
    kind, gone = Kind(body["kind"]), body.get("absence")
    parts = [
        FundPart(part["fund"], None, None, _decimal(part["shares_after"]), _decimal(part["active_shares"]), None,
                 _decimal(part["weight_after"]), bool(part["holds"]))
        for part in body.get("parts", ())
    ]  # fmt: skip
    return Subject(
        kind=kind,
        issuer=body["issuer"],
        funds=frozenset(body["funds"]),
        labels=labels_of(security_names(SecurityRef(**body["security"]))),
        severity=Severity(body["severity"]),
        score=int(body["score"]),
        dollars=rough_dollars(_decimal(body["value"]), body["currency"]),
        basis_points=_basis_points(kind, parts, _decimal(body["weight_before"])),
        absence=gone["sessions"] if gone else None,
        day=day,
    )


def labels_of(names: Iterable[str]) -> frozenset[str]:
    """Names as they are compared: case and spacing say nothing."""
    return frozenset({_folded(name) for name in names} - {""})


def ticker_names(ticker: str) -> tuple[str, ...]:
    """A ticker as printed, and without the exchange code printed behind it (`DKNG UW`)."""
    return ticker, ticker.partition(" ")[0]


def security_names(security: SecurityRef) -> list[str]:
    """All that a reference calls a security."""
    given = (security.cusip, security.isin, security.sedol, security.figi)
    return [security.id, security.name, *ticker_names(security.ticker or ""), *(text for text in given if text)]


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _basis_points(kind: Kind, parts: Iterable[FundPart], before: Decimal | None) -> float | None:
    """An entry counts with its weight, an exit with the weight it had, a size change with the part that is active."""
    if kind is Kind.EXITED:
        return None if before is None else 100 * abs(float(before))
    found = [_part_points(part, whole=kind in ENTRIES) for part in parts]
    return max((points for points in found if points is not None), default=None)


def _part_points(part: FundPart, *, whole: bool) -> float | None:
    if part.weight_after is None:
        return None
    points = 100 * abs(float(part.weight_after))
    if whole:
        return points
    if not part.active_shares or not part.shares_after:
        return None
    return points * abs(float(part.active_shares) / float(part.shares_after))


# --- what people wish -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class About:
    """Which items are meant: of every list that is given one entry must fit. Funds are TICKER or issuer/TICKER."""

    issuers: tuple[str, ...] = ()
    funds: tuple[str, ...] = ()
    securities: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()

    def fits(self, subject: Subject, *, every_fund: bool = False) -> bool:
        """Whether the item is meant; with `every_fund` only if all funds that changed are."""
        named = {_folded(fund) for fund in self.funds}
        mine = [{_folded(fund), _folded(f"{subject.issuer}/{fund}")} & named for fund in sorted(subject.funds)]
        return (
            (not self.issuers or _folded(subject.issuer) in {_folded(one) for one in self.issuers})
            and (not self.funds or (all(mine) if every_fund else any(mine)))
            and (not self.securities or bool(subject.labels & _wanted(self.securities)))
            and (not self.kinds or subject.kind in self.kinds)
        )


def _wanted(securities: Iterable[str]) -> set[str]:
    """The names as `labels_of` folds them; an American or Canadian ISIN means the CUSIP inside it, too."""
    folded = {_folded(text) for text in securities}
    return folded | {text[2:11] for text in folded if len(text) == 12 and text[:2] in ("us", "ca") and text.isalnum()}


@dataclass(frozen=True, slots=True)
class Rule:
    """What matches goes to `channels` (empty: all that hear the defaults). A threshold on an unknown number fails."""

    name: str
    about: About = About()
    severities: tuple[Severity, ...] = ()
    min_value: Decimal | None = None
    min_bp: Decimal | None = None
    min_absence: int | None = None
    min_score: int | None = None
    channels: tuple[str, ...] = ()
    deliver: Cadence = Cadence.NOW

    def matches(self, subject: Subject) -> bool:
        """Whether every condition holds."""
        thresholds = (
            (self.min_value, None if subject.dollars is None else abs(subject.dollars)),
            (self.min_bp, subject.basis_points),
            (self.min_absence, subject.absence),
            (self.min_score, subject.score),
        )
        return (
            self.about.fits(subject)
            and (not self.severities or subject.severity in self.severities)
            and all(least is None or (known is not None and known >= least) for least, known in thresholds)
        )


@dataclass(frozen=True, slots=True)
class Mute:
    """What is not told before `until`; `channels` empty: anywhere. An item of several funds is muted when all are."""

    name: str
    about: About
    until: datetime
    channels: tuple[str, ...] = ()

    def silences(self, subject: Subject, channel: str, now: datetime) -> bool:
        """Whether the channel does not hear of it now."""
        return (
            now < self.until and channel in (self.channels or (channel,)) and self.about.fits(subject, every_fund=True)
        )


# --- who hears what -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Route:
    """How one channel hears of an item: how soon, by which rules (none: the defaults), and what mutes it."""

    channel: str
    cadence: Cadence
    rules: tuple[str, ...] = ()
    muted: str = ""

    @property
    def heard(self) -> Cadence:
        """How soon it is heard in fact."""
        return Cadence.NEVER if self.muted else self.cadence


@dataclass(frozen=True, slots=True)
class AlertPlan:
    """Who is told: the channels that hear the defaults, what is loud enough to be told at once, the digest of the rest;
    rules and mutes above that; the habits of the channels; `flood`, the most messages at once per hour (0: any); and
    `page`, the address alerts link to (empty: none)."""

    channels: tuple[str, ...] = ()
    min_severity: Severity = Severity.NORMAL
    digest: Cadence = Cadence.DAILY
    rules: tuple[Rule, ...] = ()
    mutes: tuple[Mute, ...] = ()
    hours: Mapping[str, Hours] = field(default_factory=dict)
    flood: int = 0
    page: str = ""

    @property
    def everybody(self) -> tuple[str, ...]:
        """Every channel that may hear of something, in the order of the configuration."""
        named = [*self.channels, *(channel for rule in self.rules for channel in rule.channels)]
        known = [channel for channel in self.hours if channel in named]
        return tuple(dict.fromkeys([*known, *named]))

    @property
    def asks_for_names(self) -> bool:
        """Whether a rule or mute speaks of single securities, so that their former names matter."""
        return any(rule.about.securities for rule in self.rules) or any(mute.about.securities for mute in self.mutes)

    def also_muted(self, mutes: Iterable[Mute]) -> AlertPlan:
        """The same with more mutes."""
        return replace(self, mutes=(*self.mutes, *mutes))

    def hours_of(self, channel: str) -> Hours:
        """The habits of a channel."""
        return self.hours.get(channel, Hours())

    def routes(self, subject: Subject, now: datetime) -> tuple[Route, ...]:
        """How each channel hears of the item."""
        matching = [rule for rule in self.rules if rule.matches(subject)]
        return tuple(self._muted(self._route(channel, subject, matching), subject, now) for channel in self.everybody)

    def _route(self, channel: str, subject: Subject, matching: Iterable[Rule]) -> Route:
        speaking = [rule for rule in matching if channel in (rule.channels or self.channels)]
        if any(rule.deliver is Cadence.NEVER for rule in speaking):
            named = [rule for rule in speaking if channel in rule.channels and rule.deliver is not Cadence.NEVER]
            speaking = named or [rule for rule in speaking if rule.deliver is Cadence.NEVER]
        if speaking:
            soonest = min((rule.deliver for rule in speaking), key=URGENCY.index)
            return Route(channel, soonest, tuple(rule.name for rule in speaking))
        return Route(channel, self._default(subject) if channel in self.channels else Cadence.NEVER)

    def _default(self, subject: Subject) -> Cadence:
        loud = LOUDNESS.index(subject.severity) >= LOUDNESS.index(self.min_severity)
        return Cadence.NOW if loud else self.digest

    def _muted(self, route: Route, subject: Subject, now: datetime) -> Route:
        by = next((mute.name for mute in self.mutes if mute.silences(subject, route.channel, now)), "")
        return replace(route, muted=by) if by and route.cadence is not Cadence.NEVER else route
