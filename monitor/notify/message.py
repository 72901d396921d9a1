"""What one message says, independent of the channel, and how it is composed. No markup and no sending here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from urllib.parse import quote

from monitor.core.model import FundPart, Interval, Item, Kind, SecurityRef, Severity
from monitor.notify.words import clean, money, quantity

ENTRIES = frozenset({Kind.INITIATED, Kind.INITIATED_AT_ISSUER, Kind.RE_ENTERED, Kind.RESUMED})


class Form(StrEnum):
    """Why a message is sent."""

    ALERT = "alert"
    UPDATE = "update"  # the same item, more or better files
    CORRECTION = "correction"  # a file was restated and the item changed
    WITHDRAWN = "withdrawn"  # what was told is no longer so
    DIGEST = "digest"  # many items in one
    NOTICE = "notice"  # for operators: something is broken, or works again
    TEST = "test"


UNDATED = Interval(None, None)
PROMPT = timedelta(days=5)  # from the date of a file to our first sight of it: a long weekend and a slow morning
PREFIXES = {
    Form.UPDATE: "Update: ",
    Form.CORRECTION: "Correction: ",
    Form.WITHDRAWN: "Withdrawn: ",
    Form.TEST: "Test alert: ",
}
# What a first message says of itself where it can be edited, once there was later news.
EDITED = {Form.UPDATE: "Updated: ", Form.CORRECTION: "Corrected: ", Form.WITHDRAWN: "Withdrawn: "}


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """Shares of the security held by the issuer's funds after `day` (a session); `None`: no file covers it."""

    day: date
    shares: Decimal | None


@dataclass(frozen=True, slots=True)
class SourceRef:
    """One file a message rests on. `pos_session` is `None` when the file's convention is unknown."""

    fund: str
    as_of: date
    pos_session: date | None
    sha256: str
    place: str  # URL without secrets, or the name of a local file

    def label(self) -> str:
        """The file and what its quantities mean: never a claim about the day of a purchase."""
        label = f"{self.fund} file dated {self.as_of.isoformat()}"
        if self.pos_session is None:
            return label
        return f"{label} (positions after the close of {self.pos_session.isoformat()})"


@dataclass(frozen=True, slots=True)
class Message:
    """One message, in the fixed order of its parts. Empty parts are left out by every channel.

    `item` is the key of the item, or the notice's id. `at` is the instant from which the message is
    true. `repeated` marks a second sending whose first may have arrived. `value` is in `currency`.
    """

    form: Form
    item: str
    revision: int
    severity: Severity
    at: datetime
    headline: str
    kind: Kind | None = None
    issuer: str = ""
    issuer_name: str = ""
    security: SecurityRef | None = None
    as_of: date | None = None
    pos_session: Interval = UNDATED
    shares: Decimal | None = None
    unit: str = "shares"  # what the quantity counts
    value: Decimal | None = None
    currency: str = ""
    funds: tuple[FundPart, ...] = ()
    others: tuple[FundPart, ...] = ()
    claim: str = ""
    caveat: str = ""
    confidence: str = ""
    score: int | None = None
    history: tuple[HistoryPoint, ...] = ()
    sources: tuple[SourceRef, ...] = ()
    lines: tuple[str, ...] = ()  # body of notices and digests, reason of a withdrawal
    link: str | None = None  # the item's page
    links: tuple[str, ...] = ()  # of a digest: beside each of `lines` its item's page, empty where it has none
    repeated: bool = False

    @property
    def title(self) -> str:
        """The headline with what kind of message it is."""
        return f"{PREFIXES.get(self.form, '')}{self.headline}{' (possibly repeated)' if self.repeated else ''}"

    @property
    def sizes(self) -> tuple[str, ...]:
        """How much, what it is worth, and in which funds, as far as known."""
        signed = self.kind not in ENTRIES
        parts = [
            f"{quantity(self.shares, signed=signed)} {self.unit}" if self.shares is not None else "",
            money(self.value, self.currency) if self.value is not None else "",
            ", ".join(part.fund for part in self.funds),
        ]
        return tuple(part for part in parts if part)

    @property
    def figures(self) -> str:
        """`99,090 shares · $16.3M · ARKF, ARKW`."""
        return " · ".join(self.sizes)

    @property
    def security_link(self) -> str | None:
        """The page of the security, beside that of the item."""
        if self.link is None or self.security is None or not self.link.endswith(f"/item/{self.item}"):
            return None
        return f"{self.link.removesuffix(f'/item/{self.item}')}/security/{quote(self.security.id, safe='')}"

    @property
    def linked(self) -> tuple[tuple[str, str], ...]:
        """The lines, each with its link or an empty text."""
        links = self.links if len(self.links) == len(self.lines) else ("",) * len(self.lines)
        return tuple(zip(self.lines, links, strict=True))

    @property
    def subject(self) -> str:
        """The security and who holds it: `Alibaba Group Holding (BABA) · ARK`."""
        if self.security is None:
            return self.issuer_name
        ticker = f" ({self.security.ticker})" if self.security.ticker else ""
        return " · ".join(part for part in (f"{self.security.name}{ticker}", self.issuer_name) if part)

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats in the order they are read."""
        low = "Low confidence: the files allow another reading." if self.confidence == "low" else ""
        return tuple(note for note in (self.caveat, low) if note)


def link_to(page: str, item: str) -> str | None:
    """The address of an item on the page at `page`; none where nobody has said where that is."""
    return f"{page.rstrip('/')}/item/{quote(item, safe='')}" if page else None


def compose(
    item: Item,
    security: SecurityRef,
    *,
    issuer_name: str,
    history: Sequence[HistoryPoint],
    sources: Sequence[SourceRef],
    revision: int,
    link: str | None,
) -> Message:
    """The message for `item`. A revision above 1 is an update."""
    return Message(
        form=_form(revision),
        item=item.key,
        revision=revision,
        severity=item.severity,
        at=item.known_at,
        headline=clean(item.headline),
        kind=item.kind,
        issuer=item.issuer,
        issuer_name=clean(issuer_name, 80),
        security=_clean_security(security),
        as_of=item.as_of,
        pos_session=item.pos_session,
        shares=item.active_shares,
        unit=item.unit,
        value=item.value,
        currency=clean(item.currency, 8),
        funds=tuple(_clean_part(part) for part in item.funds),
        others=tuple(_clean_part(part) for part in item.others),
        claim=clean(item.claim, 1000),
        caveat=clean(" ".join(part for part in (_late(item), item.caveat) if part), 1000),
        confidence=item.confidence,
        score=item.score,
        history=tuple(history),
        sources=tuple(replace(s, fund=clean(s.fund, 40), place=clean(s.place, 500)) for s in sources),
        link=link,
    )


def _late(item: Item) -> str:
    """What is late: the issuer or we were away. Files we did not poll ourselves say nothing of it."""
    seen = item.published_to
    if seen is None or seen.date() - item.as_of <= PROMPT:
        return ""
    return f"Late: the file is dated {item.as_of.isoformat()}, we first saw it on {seen.date().isoformat()}."


def _form(revision: int) -> Form:
    return Form.UPDATE if revision > 1 else Form.ALERT


def _clean_security(security: SecurityRef) -> SecurityRef:
    ticker = clean(security.ticker, 40) if security.ticker else None
    return replace(security, name=clean(security.name, 200), ticker=ticker)


def _clean_part(part: FundPart) -> FundPart:
    return replace(part, fund=clean(part.fund, 40), note=clean(part.note, 200))


def withdraw(sent: Message, *, revision: int, at: datetime, reason: str) -> Message:
    """The message that takes `sent` back. `reason` is a sentence: which file said what."""
    return replace(sent, form=Form.WITHDRAWN, revision=revision, at=at, lines=(clean(reason, 1000),), repeated=False)


def correct(message: Message, *, reason: str) -> Message:
    """`message` marked as the correction of an earlier one. `reason` is a sentence."""
    return replace(message, form=Form.CORRECTION, lines=(clean(reason, 1000),))


def notice(
    notice_id: str, headline: str, *, at: datetime, lines: Sequence[str] = (), severity: Severity = Severity.NORMAL
) -> Message:
    """A plain message for operators: one headline and sentences below. `notice_id` has at most 20 characters."""
    return Message(
        Form.NOTICE, notice_id, 1, severity, at, clean(headline), lines=tuple(clean(line, 1000) for line in lines)
    )
