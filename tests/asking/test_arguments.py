"""What people ask, as text, is understood or answered in words, on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from monitor.asking.arguments import LONGEST, Asked, understood
from monitor.asking.parameters import FUND, ISSUER, ON, SECURITY, SINCE, UNTIL, limit, of
from monitor.asking.question import Parameter, Question, Want
from monitor.asking.registry import QUESTIONS, find
from monitor.core.errors import UsageError
from monitor.sources.loading import parse_source
from monitor.store.engine import Engine, reading
from tests.asking.answers import TODAY
from tests.scenarios.stories import FUND as FUND_TOML
from tests.scenarios.stories import QUILL, TOML, file, load, portfolio

Raw = Mapping[str, str | Sequence[str] | bool | None]

ALL = Question(
    "trial",
    (),
    "nowhere",
    "A question with every sort of parameter.",
    (
        FUND,
        ISSUER,
        SECURITY,
        ON,
        SINCE,
        UNTIL,
        limit("5"),
        Parameter("known", Want.INSTANT, "An instant."),
        Parameter("part", Want.NUMBER, "A number."),
        Parameter("side", Want.CHOICE, "A choice.", choices=("BUY", "SELL_ALL")),
        Parameter("sides", Want.CHOICES, "Several choices.", choices=("BUY", "SELL_ALL")),
        Parameter("whole", Want.FLAG, "A flag."),
        Parameter("words", Want.TEXT, "A text."),
    ),
    "",
    (),
)


@pytest.fixture
def lantern(stage: Engine) -> Engine:
    """Two funds of Lantern, and one of Beacon with the ticker of the first."""
    load(stage, [file(fund, 0, portfolio(QUILL)) for fund in ("LANA", "LANB")])
    text = TOML.replace('"lantern"', '"beacon"').replace('"Lantern"', '"Beacon"')
    beacon, faults = parse_source(text + FUND_TOML.format(ticker="LANA", kind="active"), "beacon.toml")
    assert beacon is not None, faults
    load(stage, [file("LANA", 0, portfolio(QUILL))], of=beacon)
    return stage


def asked(engine: Engine, raw: Raw, question: Question = ALL) -> Asked:
    with reading(engine) as conn:
        return understood(conn, question, raw, TODAY)


def test_what_is_right_becomes_values(lantern: Engine) -> None:
    found = asked(
        lantern,
        {
            "fund": " lanb ",
            "issuer": "LANTERN",
            "security": "qln",
            "since": "-30d",
            "until": "yesterday",
            "known": "2026-01-05T14:00:00Z",
            "part": "3,200_000.5",
            "side": "sell-all",
            "sides": ["buy", "BUY,sell_all"],
            "whole": "yes",
            "words": " <script> ",
        },
    )
    assert (found.the_fund().ticker, found.text("issuer"), found.the_security().text) == ("LANB", "lantern", "qln")
    assert (found.day("since"), found.day("until")) == (date(2026, 3, 1), date(2026, 3, 30))
    assert found.instant("known") == datetime(2026, 1, 5, 14, tzinfo=UTC)
    assert (found.number("part"), found.count("limit")) == (Decimal("3200000.5"), 5)
    assert (found.text("side"), found.texts("sides")) == ("SELL_ALL", ("BUY", "BUY", "SELL_ALL"))
    assert (found.flag("whole"), found.text("words"), found.day("on")) == (True, "<script>", None)


def test_nothing_is_what_was_not_said(lantern: Engine) -> None:
    found = asked(lantern, {"fund": "", "security": None, "sides": [], "whole": False})
    assert (found.fund(), found.security(), found.texts("sides"), found.flag("whole")) == (None, None, (), False)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"fnud": "LANA"}, "no parameter 'fnud'. Did you mean 'fund'"),
        ({"xyzzy": "1"}, "no parameter 'xyzzy'. Known: fund"),
        ({"fund": "LANZ"}, "No fund 'LANZ'"),
        ({"fund": "LANA"}, "Several issuers have a fund 'LANA'. Say which one: beacon/LANA, lantern/LANA"),
        ({"issuer": "lanternn"}, "Did you mean lantern"),
        ({"security": "nothing of the kind"}, "nothing of the kind"),
        ({"on": "2026-02-30"}, "2026-02-30"),
        ({"on": "soon"}, "soon"),
        ({"since": "-99999999d"}, "-99999999d"),
        ({"known": "noon"}, "noon"),
        ({"limit": "-1"}, "a whole number from 0"),
        ({"limit": "1.5"}, "a whole number from 0"),
        ({"limit": "٣"}, "a whole number from 0"),
        ({"limit": "9" * 200}, "a whole number from 0"),
        ({"part": "many"}, "a number is needed"),
        ({"part": "NaN"}, "a number is needed"),
        ({"part": "Infinity"}, "a number is needed"),
        ({"part": "1e999999"}, "a number is needed"),
        ({"side": "bye"}, "no side 'bye'. Did you mean BUY"),
        ({"side": "hold"}, "Known: BUY, SELL_ALL"),
        ({"sides": "buy,hold"}, "no sides 'hold'"),
        ({"sides": ["buy", "hold"]}, "no sides 'hold'"),
        ({"whole": "perhaps"}, "whole is true or false"),
        ({"words": ["one", "two"]}, "words takes one value"),
        ({"words": "x" * (LONGEST + 1)}, "at most 300 characters"),
        ({"words": "a\x00b"}, "none of them a control character"),
        ({"fund": "LANB\n"}, "none of them a control character"),
        ({"security": "Q\u202eLN"}, "none of them a control character"),
        ({"since": "2026-02-01", "until": "2026-01-31"}, "since 2026-02-01 is later than until 2026-01-31"),
    ],
    ids=lambda one: str(one)[:40].encode("ascii", "backslashreplace").decode() if isinstance(one, dict) else "",
)
def test_what_is_wrong_is_answered_in_words(lantern: Engine, raw: Raw, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(lantern, raw)
    assert said in str(caught.value)


def test_one_day_lies_between_itself_and_itself(lantern: Engine) -> None:
    found = asked(lantern, {"since": "2026-02-01", "until": "2026-02-01"})
    assert found.day("since") == found.day("until")


def test_the_issuer_says_which_fund_is_meant(lantern: Engine) -> None:
    assert asked(lantern, {"fund": "LANA", "issuer": "beacon"}).the_fund().issuer == "beacon"
    assert asked(lantern, {"fund": "lantern/lana"}).the_fund().issuer == "lantern"
    with pytest.raises(UsageError, match="No fund 'LANB'"):
        asked(lantern, {"fund": "LANB", "issuer": "beacon"})


def test_a_required_parameter_is_asked_for(lantern: Engine) -> None:
    needs = Question("trial", (), "nowhere", "", (of(SECURITY),), "", ())
    for raw in ({}, {"security": ""}, {"security": None}):
        with pytest.raises(UsageError, match="trial needs security: The security"):
            asked(lantern, raw, needs)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.name)
def test_every_question_refuses_what_it_does_not_know(lantern: Engine, question: Question) -> None:
    with pytest.raises(UsageError, match="has no parameter 'zzz'"):
        asked(lantern, {"zzz": "1"}, question)
    missing = [one.name for one in question.parameters if one.required]
    if missing:
        with pytest.raises(UsageError, match=f"needs {missing[0]}"):
            asked(lantern, {}, find(question.name))
    else:
        assert asked(lantern, {}, find(question.name)).today == TODAY
