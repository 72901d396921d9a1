"""What is stored of an event or item is to the byte what its document would give, however odd its values are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.documents import event_document, item_document
from monitor.core.model import Arrival, Event, Evidence, FundPart, Interval, Item, Kind, SecurityRef, Severity
from monitor.store.brief import Brief, of_event, of_item, of_text
from monitor.store.claim_text import long_claim
from monitor.store.codec import day_of
from monitor.store.compact import WHOLE, files_of, grow, opened
from tests.core.samples import D, absence, day, event

OLD, NEW = "a" * 64, "b" * 64
FULL = SecurityRef("S0123456789", "QUILLON ROBOTICS INC", "QLN", "55501A105", "US55501A1059", "2046251", "BBG000B9XRY4")
BARE = SecurityRef("S0123456789", "QUILLON ROBOTICS INC")
KNOWN = {("LANA", day_of(day(0)), OLD): 0, ("LANA", day_of(day(1)), NEW): 17, ('L"B', day_of(day(1)), NEW): 3}
FILES = {(fund, of, version): sha256 for (fund, of, sha256), version in KNOWN.items()}
FUNDS = ("LANA", "LANB", 'L"B', "B.C")

texts = st.text(max_size=12) | st.sampled_from(
    [
        'a "quoted" \\ name', "line\nfeed\x00\x0b\x1f\x7f",
        "Zürich 台積電 \u2028 😀", "", "12345", "0~12", "104;", "{}",
        "LANA adds to QUILLON ROBOTICS INC (QLN): 1,500 shares beyond the flows, $94,288; 1,000 before, 2,500 now",
    ]
)  # fmt: skip
amounts = (
    st.none()
    | st.decimals(-(10**6), 10**6, places=2)
    | st.decimals(-(10**17), 10**17, allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [D("1E+3"), D("-0"), D("0"), D("-0.001"), D("0.0000001"), D(2**53), D("0.99999999999999999999"), D("0.12345")]
    )
)
instants = st.none() | st.datetimes(timezones=st.just(UTC))


@st.composite
def lines(draw: st.DrawFn) -> tuple[Evidence, ...]:
    """Lines of files that are known, and of others."""
    before, after, weight = draw(amounts), draw(amounts), draw(amounts)
    rows = [f"QUILLON ROBOTICS INC, QLN: {amount or 0:,} shares, {weight} %" for amount in (before, after)]
    said = st.sampled_from(["not listed", *rows]) | texts
    files = st.sampled_from([(0, OLD), (1, NEW), (1, OLD), (2, "c" * 64), (1, "")])
    found = draw(st.lists(st.tuples(st.sampled_from(FUNDS), files, said), max_size=4))
    return tuple(Evidence(fund, day(at), sha256, row) for fund, (at, sha256), row in found)


def values(draw: st.DrawFn) -> dict[str, Any]:
    """What events and items have in common."""
    return {
        "kind": draw(st.sampled_from(list(Kind))),
        "as_of": day(draw(st.integers(0, 3))),
        "pos_session": Interval(draw(st.none() | st.just(day(0))), draw(st.none() | st.just(day(1)))),
        "known_at": draw(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001
        "shares_before": draw(amounts),
        "shares_after": draw(amounts),
        "active_shares": draw(amounts),
        "value": draw(amounts),
        "currency": draw(texts | st.just("USD")),
        "weight_before": draw(amounts),
        "weight_after": draw(amounts),
        "absence": draw(st.none() | st.just(absence()) | st.just(absence(None, last_held=None, exit=None))),
        "confidence": draw(st.sampled_from(["high", "low"])),
        "claim": draw(texts),
        "evidence": draw(lines()),
        "published_from": draw(instants),
        "published_to": draw(instants),
    }


@st.composite
def events(draw: st.DrawFn) -> Event:
    factors = draw(st.lists(st.tuples(texts, texts), max_size=3))
    key = draw(st.sampled_from(["E0123456789ABCD", "E\\"]))
    return replace(event(fund=draw(st.sampled_from(FUNDS)), key=key, factors=tuple(factors)), **values(draw))


@st.composite
def parts(draw: st.DrawFn, like: dict[str, Any]) -> FundPart:
    """A part that says what its item says, or nearly."""
    names = ("kind", "shares_before", "shares_after", "active_shares", "value", "weight_after")
    said: dict[str, Any] = {name: like[name] for name in names} | {"holds": bool(like["shares_after"])}
    changed = draw(st.sampled_from(["", "", "", *names[1:], "note", "holds"]))
    if changed:
        said[changed] = draw({"note": texts, "holds": st.booleans()}.get(changed, amounts))
    return FundPart(fund=draw(st.sampled_from(FUNDS)), **said)


@st.composite
def items(draw: st.DrawFn) -> Item:
    common = values(draw)
    headline, caveat = draw(texts), draw(texts | st.just(""))
    if draw(st.booleans()):
        common["claim"] = f"{headline}. {caveat}" if caveat else headline
    terms = draw(st.lists(st.tuples(texts, st.floats(-100, 100), texts), max_size=2))
    return Item(
        key="I0123456789ABCD", issuer=draw(texts | st.just("lantern")), security="cusip:55501A105", day=day(1),
        arrival=Arrival.LIVE, funds=tuple(draw(st.lists(parts(common), min_size=1, max_size=2))), others=(),
        headline=headline, caveat=caveat, score=draw(st.integers(-9, 200)),
        severity=draw(st.sampled_from(list(Severity))), events=tuple(draw(st.lists(texts, max_size=2))),
        terms=tuple(terms), **common,
    )  # fmt: skip


securities = st.sampled_from([FULL, BARE, replace(BARE, cusip="55501A105")]) | st.builds(
    replace, st.just(FULL), name=texts, ticker=st.none() | texts, isin=st.none() | texts
)


def version(fund: str, of: int, sha256: str) -> int | None:
    return KNOWN.get((fund, of, sha256))


def comes_back(found: Brief, text: str) -> None:
    """What is stored is what the document gives, and gives the document."""
    assert found == of_text(text, "cusip:55501A105", version)
    document = opened(found.rest, found.said)
    assert set(files_of(document, found.said)) <= set(FILES)
    said = found.said._replace(**{name: _stored(getattr(found.said, name)) for name in AMOUNTS})
    assert grow(document, said, FILES.__getitem__) == text
    assert long_claim(found.claim, found.said) == found.said.claim


AMOUNTS = ("before", "after", "active", "weight_before", "weight_after")


def _stored(amount: Any) -> Any:
    """A number as the database gives it back."""
    if amount is None:
        return None
    double = float(amount)
    return int(double) if double == int(double) else double


@given(events(), securities, texts | st.just("lantern"), st.sampled_from(list(Severity)))
def test_an_event_is_stored_as_its_document(one: Event, security: SecurityRef, issuer: str, severity: Severity) -> None:
    found = of_event(one, security, issuer, 12, severity, version)
    comes_back(found, event_document(one, security, issuer, 12, severity))


@given(items(), securities)
def test_an_item_is_stored_as_its_document(one: Item, security: SecurityRef) -> None:
    comes_back(of_item(one, security, version), item_document(one, security))


def test_what_is_usual_needs_no_document() -> None:
    lines = (Evidence("LANA", day(0), OLD, "not listed"), Evidence("LANA", day(1), NEW, "20,000 shares"))
    assert of_event(event(evidence=lines), FULL, "lantern", 1, Severity.LOW, version).rest[:1] != WHOLE


@pytest.mark.parametrize(
    "changed",
    [
        {"known_at": datetime(2026, 3, 2, 21, 30, tzinfo=timezone(timedelta(hours=-5)))},
        {"key": 'E"'},
        {"value": D("-0.001")},
        {"value": D("-0")},
        {"shares_after": D(2**53)},
        {"shares_before": D("0.99999999999999999999")},
        {"weight_after": D("0.1049637922137554")},
    ],
)
def test_what_its_columns_would_not_give_back_is_kept_whole(changed: dict[str, Any]) -> None:
    of_event(event(value=D(0)), FULL, "lantern", 1, Severity.LOW, version)  # equal to -0, and remembered
    one = event(**changed)
    text = event_document(one, FULL, "lantern", 1, Severity.LOW)
    found = of_event(one, FULL, "lantern", 1, Severity.LOW, version)
    assert found.rest[:1] == WHOLE
    comes_back(found, text)


@pytest.mark.parametrize("name", ["0~12", "104;", "~12~", "1~17;"])
def test_a_name_of_figures_does_not_disturb_the_marks(name: str) -> None:
    named, lines = replace(FULL, name=name), (Evidence("LANA", day(0), OLD, name), Evidence("LANA", day(1), NEW, name))
    one = event(evidence=lines, claim=name, as_of=day(10), factors=(("x", name),))
    comes_back(
        of_event(one, named, "lantern", 1, Severity.LOW, version),
        event_document(one, named, "lantern", 1, Severity.LOW),
    )
