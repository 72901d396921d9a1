"""Messages the channel tests send: the Alibaba item with everything, one with nothing optional, hostile ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from monitor.core.hours import Cadence
from monitor.core.model import Absence, Arrival, FundPart, Interval, Item, Kind, SecurityRef, Severity
from monitor.notify.digest import digest
from monitor.notify.message import HistoryPoint, Message, SourceRef, compose, correct, link_to, notice, withdraw

PAGE = "https://monitor.example.org"
NOW = datetime(2025, 9, 23, 11, 2, tzinfo=UTC)
SESSION, FILE = date(2025, 9, 22), date(2025, 9, 23)
GAP = Interval(date(2024, 6, 4), date(2025, 9, 19))
BABA = SecurityRef("S5f0c2a91be", "Alibaba Group Holding Ltd ADR", "BABA", cusip="01609W102")

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "formula": "=cmd()|' /C calc'!A0",
    "mention": "<!channel> <@U012AB3CD> <#C024BE7LR> <https://evil.example|Your bank> @here",
    "mrkdwn": "*bold* _it_ ~no~ `code` ```block``` > quote & &amp; :smile:",
    "direction": "abc\u202egnp.exe\u202c \u2066x\u2069\u200b\ufeff",
    "header": "Alibaba\r\nBcc: victim@example.org\r\n\r\nbody\x00\x1b[2J\x07",
    "long": "Gigantic & <Holdings> " * 190,
    "script": "שלום בע״מ ファンド \U0001f4c8",
}


def part(fund: str, after: int, value: str, weight: str) -> FundPart:
    """A fund that opened the position."""
    shares = Decimal(after)
    return FundPart(fund, Kind.RE_ENTERED, Decimal(0), shares, shares, Decimal(value), Decimal(weight), holds=True)


def absent(fund: str) -> FundPart:
    """A fund of the issuer without the position."""
    return FundPart(fund, None, None, None, None, None, None, holds=False)


def baba_item() -> Item:
    """Two funds reopen Alibaba on the session 2025-09-22."""
    return Item(
        key="I7d1f0a4c2e9b",
        kind=Kind.RE_ENTERED,
        issuer="ark",
        security=BABA.id,
        as_of=FILE,
        day=FILE,
        pos_session=Interval(SESSION, SESSION),
        known_at=NOW,
        arrival=Arrival.LIVE,
        funds=(part("ARKF", 49_799, "8193000", "0.7512"), part("ARKW", 49_291, "8107000", "0.3394")),
        others=(
            absent("ARKG"),
            absent("ARKK"),
            replace(absent("ARKX"), holds=True, shares_after=Decimal(18), weight_after=Decimal("0.0004")),
        ),
        shares_before=Decimal(0),
        shares_after=Decimal(99_090),
        active_shares=Decimal(99_090),
        value=Decimal(16_300_000),
        currency="USD",
        weight_before=None,
        weight_after=None,
        absence=Absence(date(2021, 9, 2), date(2021, 8, 27), Decimal(16_820), 1015, 1482, 324, GAP, 324),
        headline="Two ARK funds reopen Alibaba, first seen since 2021",
        claim="Two ARK funds reopen Alibaba, first seen since 2 Sep 2021 (1,015 sessions, 324 of them without files)",
        caveat="Last held after the close of 2 Sep 2021, last material on 27 Aug 2021. Of the 1,015 sessions since, "
        "324 (2024-06-04 … 2025-09-19) are without files.",
        score=88,
        severity=Severity.HIGH,
        confidence="high",
        events=("E1", "E2"),
    )


def history() -> tuple[HistoryPoint, ...]:
    """Weekly points: held, wound down, nothing, no files, back."""
    points = []
    for week in range(248):
        day = date(2021, 1, 4) + timedelta(weeks=week)
        held = Decimal(max(0, 180_000 - week * 5_500)) if day < date(2021, 9, 2) else Decimal(0)
        points.append(HistoryPoint(day, None if date(2024, 6, 4) <= day < SESSION else held))
    return (*points[:-1], HistoryPoint(SESSION, Decimal(99_090)))


def sources() -> tuple[SourceRef, ...]:
    """The two files, at an invented place."""
    return tuple(
        SourceRef(fund, FILE, SESSION, digest * 8, f"https://issuer.example/holdings/{fund}.csv")
        for fund, digest in (("ARKF", "5a3c91e0"), ("ARKW", "c7d2048b"))
    )


def full(revision: int = 1) -> Message:
    """The message with everything."""
    return compose(
        baba_item(),
        BABA,
        issuer_name="ARK",
        history=history(),
        sources=sources(),
        revision=revision,
        link=link_to(PAGE, "I7d1f0a4c2e9b"),
    )


def empty() -> Message:
    """The message with every optional part missing."""
    item = replace(
        baba_item(),
        funds=(),
        others=(),
        active_shares=None,
        value=None,
        currency="",
        claim="",
        caveat="",
        absence=None,
        pos_session=Interval(None, None),
    )
    security = SecurityRef("S1", "Alibaba")
    return compose(item, security, issuer_name="", history=(), sources=(), revision=1, link=None)


def hostile(text: str) -> Message:
    """The message with `text` wherever an issuer's file could put it."""
    item = baba_item()
    item = replace(
        item,
        headline=f"ARK opens {text}",
        claim=text,
        caveat=text,
        funds=tuple(replace(p, fund=text[:60], note=text) for p in item.funds),
        others=tuple(replace(p, note=text) for p in item.others),
    )
    return compose(
        item,
        replace(BABA, name=text, ticker=text),
        issuer_name=text,
        history=history(),
        sources=tuple(replace(source, place=text, fund=text) for source in sources()),
        revision=1,
        link="https://page.example/x?y=<z>|w",
    )


def withdrawn() -> Message:
    """The message that takes the full one back."""
    reason = "The ARKF file dated 2025-09-23 was replaced; the new one does not list the position."
    return withdraw(full(), revision=2, at=NOW + timedelta(hours=3), reason=reason)


def operator() -> Message:
    """A notice."""
    return notice("Nabc", "No file of ARKK since 2025-09-19", at=NOW, lines=("Expected 2025-09-22.", "HTTP 404."))


def summary() -> Message:
    """A digest of three."""
    (part,) = digest("slack", Cadence.DAILY, [full(), empty(), withdrawn()], at=NOW)
    return part.message


def every() -> dict[str, Message]:
    """All of them by name."""
    plain = {"full": full(), "update": full(2), "empty": empty(), "withdrawn": withdrawn(), "notice": operator()}
    plain["digest"] = summary()
    plain["repeated"] = replace(full(), repeated=True)
    for name, text in HOSTILE.items():
        plain |= {f"hostile-{name}": hostile(text)}
        plain |= {f"hostile-{kind}-{name}": one for kind, one in _more_hostile(text).items()}
    return plain


def _more_hostile(text: str) -> dict[str, Message]:
    """What else can carry foreign text: a digest of two issuers, a notice, a correction, a withdrawal."""
    one = hostile(text)
    several = [replace(one, item=f"I{n}", issuer_name=f"{n % 2} {one.issuer_name}") for n in range(12)]
    (part,) = digest("slack", Cadence.DAILY, several, at=NOW)
    return {
        "digest": part.message,
        "notice": notice("N1", f"No file of {text}", at=NOW, lines=(text,) * 3),
        "corrected": correct(one, reason=text),
        "withdrawn": withdraw(one, revision=2, at=NOW, reason=text),
    }
