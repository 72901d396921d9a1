"""Who hears of an item and how soon: conditions, the most urgent rule, the defaults, mutes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.documents import item_document
from monitor.core.hours import Cadence, Hours
from monitor.core.model import Kind, SecurityRef, Severity
from monitor.core.rehearsal import Past, rehearse, weeks
from monitor.core.rules import (
    About,
    AlertPlan,
    Mute,
    Route,
    Rule,
    Subject,
    labels_of,
    subject_of,
    subject_of_document,
    ticker_names,
)
from tests.notify.samples import BABA, baba_item

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
SUBJECT = Subject(
    kind=Kind.RE_ENTERED,
    issuer="ark",
    funds=frozenset({"ARKF", "ARKW"}),
    labels=labels_of(["S5f0c2a91be", "Alibaba Group  Holding", "BABA", "01609W102"]),
    severity=Severity.NORMAL,
    score=55,
    dollars=-16_300_000.0,
    basis_points=75.0,
    absence=1015,
    day=date(2025, 9, 23),
)
NOTHING_KNOWN = replace(SUBJECT, dollars=None, basis_points=None, absence=None)


def plan(*rules: Rule, **changed: Any) -> AlertPlan:
    """Two channels that hear the defaults, and rules."""
    return replace(AlertPlan(("slack", "mail"), rules=rules), **changed)


def cadences(of: AlertPlan, subject: Subject = SUBJECT) -> dict[str, str]:
    """By channel how soon it hears."""
    return {route.channel: route.heard.value for route in of.routes(subject, NOW)}


# --- what rules look at ---------------------------------------------------------------------------


def test_an_item_and_its_stored_form_are_the_same_to_rules() -> None:
    item = baba_item()
    stored = json.loads(item_document(item, BABA))
    assert subject_of(item, BABA) == subject_of_document(stored, item.day)


@pytest.mark.parametrize(
    ("kind", "points"), [(Kind.RE_ENTERED, 75.12), (Kind.EXITED, 120.0), (Kind.INCREASED, 37.56), (Kind.SPLIT, 37.56)]
)
def test_basis_points_are_what_was_entered_left_or_moved(kind: Kind, points: float) -> None:
    item = replace(baba_item(), kind=kind, weight_before=Decimal("1.2"))
    first = item.funds[0]
    half = replace(first, active_shares=(first.shares_after or Decimal(0)) / 2)
    odd = replace(first, weight_after=None)
    still = replace(first, active_shares=None)
    funds = (half, odd, still) if kind is not Kind.RE_ENTERED else item.funds
    assert subject_of(replace(item, funds=funds), BABA).basis_points == pytest.approx(points)


def test_what_the_files_do_not_say_is_unknown() -> None:
    item = replace(baba_item(), kind=Kind.EXITED, value=None, absence=None)
    subject = subject_of(item, replace(BABA, ticker=None))
    assert (subject.dollars, subject.basis_points, subject.absence) == (None, None, None)
    assert subject_of(replace(baba_item(), currency="XXX"), BABA).dollars is None
    assert subject_of_document(json.loads(item_document(item, BABA)), item.day).absence is None
    assert subject_of(replace(baba_item(), kind=Kind.RENAMED, funds=()), BABA).basis_points is None


def test_names_are_compared_without_case_and_spacing() -> None:
    assert SUBJECT.also_called(["Old  Name", ""]).labels >= {"old name", "baba", "alibaba group holding"}
    assert ticker_names("DKNG UW") == ("DKNG UW", "DKNG")
    assert "dkng" in subject_of(baba_item(), SecurityRef("S1", "DRAFTKINGS", "DKNG UW")).labels


# --- rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        Rule("everything"),
        Rule("issuer", About(issuers=("ARK",))),
        Rule("one fund of several", About(funds=("arkk", "ark/ARKW"))),
        Rule("ticker", About(securities=("baba",))),
        Rule("name", About(securities=("ALIBABA GROUP HOLDING",))),
        Rule("public id", About(securities=("S5F0C2A91BE",))),
        Rule("the CUSIP in an American ISIN", About(securities=("US01609W1027",))),
        Rule("kind", About(kinds=(Kind.EXITED, Kind.RE_ENTERED))),
        Rule("severity", severities=(Severity.NORMAL,)),
        Rule("dollars of a sale", min_value=Decimal(16_000_000)),
        Rule("bp", min_bp=Decimal(75)),
        Rule("absence", min_absence=1015),
        Rule("score", min_score=55),
        Rule("all of it", About(("ark",), ("ARKF",), ("BABA",), (Kind.RE_ENTERED,)), min_absence=250, min_score=40),
    ],
    ids=lambda rule: rule.name,
)
def test_a_rule_matches(rule: Rule) -> None:
    assert rule.matches(SUBJECT)


@pytest.mark.parametrize(
    "rule",
    [
        Rule("issuer", About(issuers=("spdr",))),
        Rule("fund", About(funds=("ARKK", "spdr/ARKW"))),
        Rule("part of a name", About(securities=("ALIBABA",))),
        Rule("kind", About(kinds=(Kind.EXITED,))),
        Rule("severity", severities=(Severity.HIGH,)),
        Rule("dollars", min_value=Decimal(17_000_000)),
        Rule("bp", min_bp=Decimal(76)),
        Rule("absence", min_absence=1016),
        Rule("score", min_score=56),
        Rule("one of two", About(securities=("BABA",), kinds=(Kind.EXITED,))),
    ],
    ids=lambda rule: rule.name,
)
def test_a_rule_does_not_match(rule: Rule) -> None:
    assert not rule.matches(SUBJECT)


def test_a_threshold_on_what_is_unknown_does_not_hold() -> None:
    for rule in (Rule("a", min_value=Decimal(0)), Rule("b", min_bp=Decimal(0)), Rule("c", min_absence=0)):
        assert rule.matches(SUBJECT)
        assert not rule.matches(NOTHING_KNOWN)


# --- routes ---------------------------------------------------------------------------------------


def test_without_rules_the_defaults_hold() -> None:
    low = replace(SUBJECT, severity=Severity.LOW)
    assert cadences(plan()) == {"slack": "now", "mail": "now"}
    assert cadences(plan(), low) == {"slack": "daily", "mail": "daily"}
    assert cadences(plan(digest=Cadence.WEEKLY), low)["mail"] == "weekly"
    assert cadences(plan(digest=Cadence.NEVER), low)["mail"] == "never"
    assert cadences(plan(min_severity=Severity.HIGH))["mail"] == "daily"
    assert cadences(plan(min_severity=Severity.LOW), low)["mail"] == "now"
    assert AlertPlan().routes(SUBJECT, NOW) == ()


def test_the_most_urgent_of_the_rules_that_speak_of_a_channel_counts() -> None:
    weekly, daily = Rule("w", deliver=Cadence.WEEKLY), Rule("d", channels=("mail",), deliver=Cadence.DAILY)
    assert cadences(plan(weekly, daily)) == {"slack": "weekly", "mail": "daily"}
    (slack, mail) = plan(weekly, daily).routes(SUBJECT, NOW)
    assert (slack.rules, mail.rules) == (("w",), ("w", "d"))


def test_never_silences_but_for_a_rule_that_names_the_channel() -> None:
    never = Rule("never", deliver=Cadence.NEVER)
    assert cadences(plan(never, Rule("all now"))) == {"slack": "never", "mail": "never"}
    named = Rule("mail daily", channels=("mail",), deliver=Cadence.DAILY)
    assert cadences(plan(never, named, Rule("all now"))) == {"slack": "never", "mail": "daily"}
    only = Rule("not by mail", channels=("mail",), deliver=Cadence.NEVER)
    assert cadences(plan(only)) == {"slack": "now", "mail": "never"}


def test_a_channel_that_does_not_hear_the_defaults_hears_what_rules_send() -> None:
    watch = Rule("watchlist", About(securities=("BABA",)), channels=("desk",))
    assert cadences(plan(watch)) == {"slack": "now", "mail": "now", "desk": "now"}
    assert cadences(plan(watch), replace(SUBJECT, labels=frozenset()))["desk"] == "never"
    every = plan(watch, hours={"desk": Hours(), "mail": Hours(), "other": Hours()})
    assert every.everybody == ("desk", "mail", "slack")
    assert every.hours_of("slack") == Hours()


def test_a_mute_silences_and_says_so() -> None:
    until = NOW + timedelta(days=1)
    muted = plan(mutes=(Mute("m", About(securities=("BABA",)), until, ("mail",)),))
    assert cadences(muted) == {"slack": "now", "mail": "never"}
    route = Route("mail", Cadence.NOW, (), "m")
    assert route in muted.routes(SUBJECT, NOW)
    assert {one.muted for one in muted.routes(SUBJECT, until)} == {""}
    assert cadences(plan().also_muted([Mute("k", About(kinds=(Kind.RE_ENTERED,)), until)])) == {
        "slack": "never",
        "mail": "never",
    }


def test_a_mute_of_a_fund_needs_all_funds_of_the_item() -> None:
    until = NOW + timedelta(days=1)
    one, both = About(funds=("ARKF",)), About(funds=("ARKF", "ark/arkw"))
    assert cadences(plan(mutes=(Mute("m", one, until),)))["mail"] == "now"
    assert cadences(plan(mutes=(Mute("m", both, until),)))["mail"] == "never"


def test_what_needs_the_former_names() -> None:
    until = NOW + timedelta(days=1)
    assert not plan(Rule("all")).asks_for_names
    assert plan(Rule("one", About(securities=("X",)))).asks_for_names
    assert plan(mutes=(Mute("m", About(securities=("X",)), until),)).asks_for_names


RULES = st.builds(
    Rule,
    name=st.sampled_from("abc"),
    about=st.sampled_from([About(), About(funds=("ARKF",)), About(kinds=(Kind.EXITED,))]),
    channels=st.sampled_from([(), ("slack",), ("mail", "desk")]),
    deliver=st.sampled_from(Cadence),
)


@given(st.lists(RULES, max_size=5))
def test_the_order_of_rules_is_irrelevant_and_every_channel_has_one_route(rules: list[Rule]) -> None:
    found = cadences(plan(*rules))
    assert found == cadences(plan(*reversed(rules)))
    assert set(found) >= {"slack", "mail"}
    assert len(plan(*rules).routes(SUBJECT, NOW)) == len(found)


@given(st.lists(RULES, max_size=4))
def test_a_disabled_kind_of_rule_changes_nothing(rules: list[Rule]) -> None:
    unmatched = Rule("x", About(kinds=(Kind.SPLIT,)), channels=("slack",), deliver=Cadence.NEVER)
    assert cadences(plan(*rules)) == cadences(plan(*rules, unmatched))


# --- the past -------------------------------------------------------------------------------------


def test_weeks_count_changes_and_the_messages_they_make() -> None:
    low = replace(SUBJECT, severity=Severity.LOW)
    past = [
        Past(SUBJECT, "I1", "a"),
        Past(low, "I2", "b"),
        Past(low, "I3", "c"),
        Past(replace(low, day=date(2025, 9, 24)), "I4", "d"),
        Past(replace(low, kind=Kind.SPLIT), "I5", "e"),
        Past(replace(low, kind=Kind.EXITED), "I6", "f"),
        Past(replace(low, kind=Kind.ROLLED, day=date(2025, 9, 29)), "I7", "g"),
    ]
    rules = (
        Rule("weekly", About(kinds=(Kind.SPLIT,)), deliver=Cadence.WEEKLY),
        Rule("never", About(kinds=(Kind.ROLLED,)), deliver=Cadence.NEVER),
    )
    mutes = (Mute("m", About(kinds=(Kind.EXITED,)), NOW + timedelta(days=1)),)
    tried = rehearse(AlertPlan(("slack",), rules=rules, mutes=mutes), past, NOW)
    first, second = weeks(tried)
    assert (first.week, first.now, first.daily, first.weekly, first.muted, first.never) == (
        date(2025, 9, 22), 1, 3, 1, 1, 0,
    )  # fmt: skip
    assert first.messages == 1 + 2 + 1
    assert (second.never, second.messages) == (1, 0)
    assert [one.past.item for one in tried][-1] == "I7"
