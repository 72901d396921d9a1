"""The JSON people and scripts read: its keys are a contract."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.core import documents
from monitor.core.items import Backdrop, Other, make
from monitor.core.model import (
    Arrival,
    Coverage,
    Evidence,
    FundPart,
    Interval,
    Item,
    Kind,
    SecurityRef,
    Severity,
)
from monitor.core.ranking import Group, Standings
from tests.core import plain_documents
from tests.core.samples import NOW, D, absence, day, event, position

KEYS = (
    "id level kind issuer funds security as_of pos_session published known_at shares_before shares_after active_shares"  # noqa: SIM905
    " value currency weight_before weight_after absence claim score severity confidence status evidence".split()
)
FULL = SecurityRef("S0123456789", "QUILLON ROBOTICS INC", "QLN", "55501A105", "US55501A1059", "2046251", "BBG000B9XRY4")
BARE = SecurityRef("S0123456789", "QUILLON ROBOTICS INC")
LINE = Evidence("LANA", day(1), "ab" * 32, "not listed")


def event_object(security: SecurityRef = FULL, **changed: Any) -> dict[str, Any]:
    text = documents.event_document(event(**changed), security, "lantern", 67, Severity.HIGH)
    found: dict[str, Any] = json.loads(text)
    return found


def item_object(**changed: Any) -> dict[str, Any]:
    told = Standings(False, True, None, False, False)
    records = Coverage(day(0), day(1), 2, 2, 0, None, 0)
    others = {"LANB": Other(position())}
    backdrop = Backdrop("lantern", "Lantern", "QUILLON", others, told, records, day(1))
    item = make(Group("cusip:55501A105", "in", (event(**changed),)), backdrop)
    found: dict[str, Any] = json.loads(documents.item_document(item, FULL))
    return found


def test_an_event_has_the_documented_keys_in_their_order_and_its_factors() -> None:
    assert list(event_object()) == [*KEYS, "factors"]


def test_an_item_has_the_documented_keys_in_their_order_and_its_words() -> None:
    assert list(item_object()) == [*KEYS, "headline", "caveat", "parts", "events", "terms"]


def test_nested_objects_have_the_documented_keys() -> None:
    found = event_object(absence=absence(), evidence=(LINE,))
    assert list(found["security"]) == ["id", "name", "ticker", "cusip", "isin", "sedol", "figi"]
    assert list(found["pos_session"]) == ["from", "to"]
    assert list(found["published"]) == ["from", "to"]
    assert list(found["absence"])[:5] == ["last_held", "last_material", "sessions", "days", "uncovered_sessions"]
    assert found["evidence"] == [{"fund": "LANA", "as_of": "2026-01-06", "sha256": "ab" * 32, "line": "not listed"}]
    assert list(item_object()["parts"][0]) == [
        "fund",
        "kind",
        "shares_before",
        "shares_after",
        "active_shares",
        "value",
        "weight_after",
        "holds",
        "note",
    ]


def test_values_are_plain_json() -> None:
    found = event_object(published_from=NOW, weight_after=D("1.25"), value=D("2000000.125"), factors=(("units", "3"),))
    assert (found["level"], found["kind"], found["issuer"], found["funds"]) == (
        "event",
        "INITIATED",
        "lantern",
        ["LANA"],
    )
    assert (found["as_of"], found["known_at"], found["published"]["from"]) == (
        "2026-01-06",
        "2026-03-02T21:30:00Z",
        "2026-03-02T21:30:00Z",
    )
    assert (found["shares_after"], found["weight_after"], found["value"]) == (20_000, 1.25, 2_000_000.12)
    assert (found["score"], found["severity"], found["status"], found["factors"]) == (
        67,
        "high",
        "current",
        {"units": "3"},
    )


def test_unknown_values_are_null() -> None:
    found = event_object(BARE, active_shares=None, value=None, weight_after=None, pos_session=Interval(None, None))
    nulls = [key for key in KEYS if found[key] is None]
    assert nulls == ["active_shares", "value", "weight_before", "weight_after", "absence"]
    assert found["pos_session"] == {"from": None, "to": None}
    assert found["published"] == {"from": None, "to": None}
    assert [key for key, value in found["security"].items() if value is None] == [
        "ticker",
        "cusip",
        "isin",
        "sedol",
        "figi",
    ]


def test_an_absence_says_what_is_unknown_too() -> None:
    gone = event_object(absence=absence(None, exit=None, last_held=None, last_shares=None))["absence"]
    assert {gone[key] for key in ("sessions", "days", "exit", "last_held", "last_shares", "longest_gap")} == {None}
    known = event_object(absence=absence(30, longest_gap=Interval(day(1), day(3)), longest_gap_sessions=3))["absence"]
    assert known["longest_gap"] == {"from": "2026-01-06", "to": "2026-01-08"}
    assert known["exit"] == {"from": "2026-01-06", "to": "2026-01-06"}


def test_an_item_lists_the_funds_that_changed() -> None:
    found = item_object()
    assert found["funds"] == ["LANA"]
    assert [(part["fund"], part["kind"], part["holds"]) for part in found["parts"]] == [("LANA", "INITIATED", True)]
    assert found["claim"].startswith(found["headline"])
    assert len(found["events"]) == 1
    assert found["score"] == max(0, round(sum(term["points"] for term in found["terms"])))
    assert all(term["name"] and term["how"] for term in found["terms"])


@given(st.decimals(-(10**9), 10**9, places=4))
def test_quantities_survive_the_way_through_json(value: Any) -> None:
    read = event_object(active_shares=value, weight_after=abs(value))
    assert D(str(read["active_shares"])) == value
    assert isinstance(read["active_shares"], int) == (value == value.to_integral_value())
    assert D(str(read["weight_after"])) == abs(value)


TEXTS = st.text(max_size=12) | st.sampled_from(
    ['a "quoted" \\ name', "line\nfeed\x00\x1f\x7f", "Zürich 台積電 \u2028 😀"]
)
AMOUNTS = st.none() | st.decimals(-(10**15), 10**15, places=3) | st.sampled_from([D("1E+3"), D("-0"), D("0.0000001")])


@given(TEXTS, TEXTS, AMOUNTS, AMOUNTS, st.booleans(), st.floats(-100, 100), st.sampled_from([FULL, BARE]))
def test_documents_are_to_the_byte_what_json_writes_of_trees_of_objects(
    text: str, other: str, amount: Any, value: Any, gone: bool, points: float, security: SecurityRef
) -> None:
    one = event(
        claim=text, currency=other, active_shares=amount, shares_after=value, value=value, weight_before=amount,
        published_from=NOW if gone else None,
        absence=absence(None, last_shares=amount) if gone else None,
        evidence=(LINE, Evidence(other, day(0), "", text)), factors=((other, text), (other, other)),
    )  # fmt: skip
    named = replace(security, name=text, cusip=other)
    written = documents.event_document(one, named, other, 12, Severity.LOW)
    assert written == plain_documents.event_document(one, named, other, 12, Severity.LOW)
    told = Item(
        "I1", Kind.EXITED, text, "cusip:1", day(1), day(1), Interval(None, day(1)), NOW, Arrival.LIVE,
        (FundPart(other, Kind.EXITED, amount, value, amount, value, amount, gone, text),
         FundPart(text, None, None, None, None, None, None, False)),
        (), amount, value, amount, value, other, amount, None, one.absence, text, other, text, 3, Severity.HIGH, "low",
        (text, other), one.evidence, ((text, points, other),),
    )  # fmt: skip
    assert documents.item_document(told, named) == plain_documents.item_document(told, named)
