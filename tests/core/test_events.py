"""What an event of one fund says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from monitor.core import events
from monitor.core.conversions import Conversion, ConversionRule, Leg
from monitor.core.flows import Flow
from monitor.core.model import Absence, Coverage, Event, Interval, Kind, Position
from monitor.core.spells import Closing, Ending, Opening, Point, Spell
from tests.core.samples import CALENDAR, NOW, D, absence, by_key, day, plain, position, scene

ROOT = "cusip:55501A105"
RECORDS = Coverage(day(0), day(1), 2, 2, 0, None, 0)
WEIGHED = Spell(ROOT, day(0), Interval(day(0), day(0)), day(0), None, False)


def entry(
    gone: Absence | None = None, *, before: Position | None = None, first_line: date | None = None, **changed: Any
) -> Event:
    after = position(ROOT)
    spell = Spell(ROOT, day(1), Interval(day(1), day(1)), day(1), after.shares, False)
    told = scene(by_key(before) if before else {}, by_key(after), **changed)
    return events.entry(told, Opening(ROOT, after, spell), gone, first_line, RECORDS)


@pytest.mark.parametrize(
    ("gone", "kind", "verb"),
    [
        (None, Kind.INITIATED, "opens"),
        (absence(20), Kind.RESUMED, "resumes"),
        (absence(21), Kind.RE_ENTERED, "reopens"),
        (absence(None, last_file=None), Kind.RE_ENTERED, "reopens"),
        (absence(None, last_file=day(1) - timedelta(days=30)), Kind.RE_ENTERED, "reopens"),
        (absence(None, last_file=day(1) - timedelta(days=29)), Kind.RESUMED, "resumes"),
    ],
)
def test_an_entry_is_named_by_what_went_before(gone: Absence | None, kind: Kind, verb: str) -> None:
    made = entry(gone)
    assert made.kind is kind
    assert made.claim.startswith(f"LANA {verb} QUILLON ROBOTICS INC (QLN), first ")
    assert (made.absence is None) is (gone is None)
    assert made.absence == gone


def test_an_entry_says_size_value_and_file() -> None:
    made = entry()
    assert "20,000 shares, $2.0M; file dated 2026-01-06 (positions after the close of 2026-01-06)" in made.claim
    assert plain(made.shares_before, made.shares_after, made.active_shares, made.value) == (
        0,
        20_000,
        20_000,
        2_000_000,
    )
    assert plain(made.weight_before, made.weight_after) == (None, 1)
    assert [e.row for e in made.evidence] == ["not listed", "QUILLON ROBOTICS INC, QLN: 20,000 shares, 1 %"]


def test_an_entry_into_a_line_that_was_a_crumb_counts_from_the_crumb() -> None:
    made = entry(before=position(ROOT, 100, weight=D("0.0050")), first_line=day(0))
    assert plain(made.shares_before, made.active_shares) == (100, 19_900)
    assert made.claim.endswith("; a trace was listed from 2026-01-05 on")
    assert made.evidence[0].row.endswith("100 shares, 0.005 %")
    assert "trace" not in entry(first_line=day(1)).claim


def test_the_first_time_ever_needs_records_from_the_inception_on() -> None:
    assert "first time ever" in entry(inception=day(0)).claim
    assert "first in our records of LANA, which begin 2026-01-05" in entry(inception=date(2020, 1, 2)).claim


def test_a_return_quotes_the_absence() -> None:
    assert entry(absence(30)).claim.endswith(
        "Last material holding after the close of 2026-01-05 (15,000 shares); 30 sessions between."
    )


# --- exits ----------------------------------------------------------------------------------------


def departure(
    left: int = 0, *, before: Position | None = None, value: int | None = 2_000_000, censored: bool = False
) -> Event:
    last = Point(day(0), day(0), D(20_000), None if value is None else D(value), D(1))
    peak = Point(day(0), day(0), D(60_000), None, None)
    ending = Ending(day(1), day(1), day(1), last, last, peak, D(left), 9, D("1.5"))
    spell = Spell(ROOT, day(0), Interval(None, day(0)), day(0), D(20_000), censored)
    crumb = position(ROOT, left, weight=D("0.001")) if left else None
    told = scene(by_key(before) if before else {}, by_key(crumb) if crumb else {})
    known = before or position(ROOT)
    return events.departure(told, Closing(ROOT, crumb, spell, ending), Interval(day(1), day(1)), known)


def test_an_exit_says_that_it_left_not_that_it_was_sold() -> None:
    made = departure(before=position(ROOT))
    assert made.claim == (
        "QUILLON ROBOTICS INC (QLN) left the portfolio of LANA in session 2026-01-06: 20,000 shares ($2.0M) in the file"
        " before; held since the file dated 2026-01-05, peak 60,000 shares in the file dated 2026-01-05"
    )
    assert plain(made.shares_before, made.shares_after, made.active_shares) == (20_000, 0, -20_000)
    assert plain(made.value, made.weight_before, made.peak_shares, made.maximum_weight) == (-2_000_000, 1, 60_000, 1.5)


def test_entries_and_exits_in_files_of_weights_are_told_in_weights() -> None:
    made = events.entry(
        scene({}, by_key(position(ROOT, None, value=None, weight=D("0.4300")))),
        Opening(ROOT, position(ROOT, None, value=None, weight=D("0.4300")), WEIGHED),
        None,
        None,
        RECORDS,
    )
    assert ": 0.43 % of the fund; file dated" in made.claim
    assert (made.active_shares, made.shares_after, made.evidence[1].row) == (
        None,
        None,
        "QUILLON ROBOTICS INC, QLN: 0.43 %",
    )
    weighed = Point(day(0), day(0), None, None, D("0.43"))
    ending = Ending(day(1), day(1), day(1), weighed, weighed, weighed, D(0), 9, D("0.43"))
    gone = events.departure(
        scene(by_key(position(ROOT, None, value=None)), {}),
        Closing(ROOT, None, WEIGHED, ending),
        Interval(day(1), day(1)),
        position(ROOT, None),
    )
    assert ": 0.43 % of the fund in the file before; held since" in gone.claim
    assert "peak 0.43 % of the fund in" in gone.claim
    assert (gone.active_shares, gone.value) == (None, None)


def test_a_line_left_out_of_creations_is_told_with_its_whole_change() -> None:
    old, new = position(ROOT, 20_000), position(ROOT, 19_000)
    told = scene(by_key(old), by_key(new), flow=Flow(1.02, 2, 0.9, True), outside={ROOT})
    made = events.resize(told, ROOT, D(20_000))
    assert plain(made.active_shares) == (-1_000,)
    assert "by 1,000 shares (-5.0 %)" in made.claim
    assert ", left out of the baskets of its inflow (flow factor 1.020000):" in made.claim
    assert dict(made.factors)["line_factor"] == "1.00000000"


def test_an_exit_that_waited_for_a_second_file_shows_all_three() -> None:
    last = Point(day(0), day(0), D(20_000), D(2_000_000), D(1), "ab")
    ending = Ending(day(2), day(1), day(1), last, last, last, D(0), 9, D(1), exit_sha256="cd")
    spell = Spell(ROOT, day(0), Interval(None, day(0)), day(0), D(20_000), False)
    told = scene({}, {})
    made = events.departure(told, Closing(ROOT, None, spell, ending), Interval(day(1), day(1)), position(ROOT))
    assert [(e.as_of, e.sha256, e.row) for e in made.evidence[:2]] == [
        (day(0), "ab", "20,000 shares"),
        (day(1), "cd", "not listed"),
    ]
    left = replace(ending, left=D(20))
    shown = events.departure(told, Closing(ROOT, None, spell, left), Interval(day(1), day(1)), position(ROOT))
    assert shown.evidence[1].row == "20 shares"


@pytest.mark.parametrize(
    ("rule", "kind", "words", "confidence"),
    [
        (ConversionRule.SIMILAR, Kind.POSSIBLE_CONVERSION, "possibly an exchange (merger or conversion)", "low"),
        (ConversionRule.OFFSETTING, Kind.CONVERTED, "nothing was bought or sold", "high"),
    ],
)
def test_an_exchange_of_lines_is_told_with_both(rule: ConversionRule, kind: Kind, words: str, confidence: str) -> None:
    old = position(ROOT, 20_000, name="AMBERLY ACQUISITION CORP", ticker="AMB")
    new = position("cusip:new", 20_400)
    gone = Leg(ROOT, old, 20_000.0, 0.0, 2_000_000.0, D(1))
    grown = Leg("cusip:new", new, 0.0, 20_400.0, 2_040_000.0, D(0))
    made = events.conversion(scene(by_key(old), by_key(new)), kind, Conversion("LANA", gone, grown, 1.02, rule))
    assert made.claim.startswith(
        "AMBERLY ACQUISITION CORP (AMB) left LANA: 20,000 shares, $2.0M in session 2026-01-06 as"
        " QUILLON ROBOTICS INC (QLN) grew by 20,400 shares, $2.0M, 1.0200 for one; "
    )
    assert words in made.claim
    assert (made.kind, made.confidence, dict(made.factors)["ratio"]) == (kind, confidence, "1.020000")
    assert [e.row.partition(":")[0] for e in made.evidence] == [
        "AMBERLY ACQUISITION CORP, AMB",
        "not listed",
        "not listed",
        "QUILLON ROBOTICS INC, QLN",
    ]


def test_an_exit_into_a_crumb_names_it() -> None:
    made = departure(300, before=position(ROOT))
    assert "; a crumb of 300 shares is left; held since" in made.claim
    assert plain(made.shares_after, made.active_shares, made.value) == (300, -19_700, -1_970_000)


def test_an_exit_of_a_line_the_file_before_did_not_list_is_worth_what_it_was() -> None:
    made = departure()
    assert plain(made.value, made.weight_before) == (-2_000_000, 1)
    assert departure(value=None).value is None
    assert "value unknown" in departure(value=None).claim


def test_a_position_older_than_the_records_says_so() -> None:
    assert "held since before our records begin," in departure(before=position(ROOT), censored=True).claim


# --- size changes ---------------------------------------------------------------------------------


def resize(before: object, after: object, factor: float = 1.0, **changed: Any) -> Event:
    held = {"before": by_key(position(ROOT, before)), "after": by_key(position(ROOT, after, **changed))}
    told = scene(held["before"], held["after"], flow=Flow(factor, 1, 1.0, True))
    return events.resize(told, ROOT, D(str(before)))


def test_an_active_change_is_told_without_the_flow() -> None:
    made = resize(20_000, 30_000, 1.025)
    assert made.kind is Kind.INCREASED
    assert plain(made.active_shares, made.value) == (9_500, 950_000)
    assert made.claim == (
        "LANA increased QUILLON ROBOTICS INC (QLN) by 9,500 shares (+46.3 %) in session 2026-01-06, flow factor"
        " 1.025000 removed: 30,000 shares now, $950,000"
    )
    assert made.factors == (("flow_factor", "1.02500000"), ("units", "1"))


def test_a_decrease_without_a_flow() -> None:
    made = resize(20_000, 15_000)
    assert made.kind is Kind.DECREASED
    assert plain(made.active_shares) == (-5_000,)
    assert "by 5,000 shares (-25.0 %)" in made.claim
    assert "flow" not in made.claim


def test_a_change_within_the_flow_is_no_active_share() -> None:
    assert resize(20_000, 20_500, 1.025).active_shares == 0


def test_fractions_of_a_coin_are_kept_and_whole_shares_stay_whole() -> None:
    assert resize("20.5", "30.25").active_shares == D("9.75")
    assert resize(20_001, 30_000, 1.0251).active_shares == D(9_497)


def test_without_a_price_there_is_no_value() -> None:
    made = resize(20_000, 30_000, value=None)
    assert made.value is None
    assert made.claim.endswith("30,000 shares now, value unknown")
    assert "%" not in resize(0, 30_000).claim


# --- everything else ------------------------------------------------------------------------------


def test_a_notice_carries_its_words_and_no_trade() -> None:
    told = scene(by_key(position(ROOT)), by_key(position(ROOT, 0, weight=None)))
    made = events.notice(told, Kind.SPLIT, ROOT, "three for one")
    assert (made.kind, made.claim, made.active_shares, made.value) == (Kind.SPLIT, "three for one", None, None)
    assert made.evidence[1].row == "QUILLON ROBOTICS INC, QLN: 0 shares"


def test_a_line_without_ticker_is_called_by_its_name() -> None:
    assert events.label(position(ROOT, ticker="")) == "QUILLON ROBOTICS INC"
    told = scene({}, by_key(position(ROOT, ticker="")))
    assert events.notice(told, Kind.RENAMED, ROOT, "").evidence[1].row.startswith("QUILLON ROBOTICS INC, -:")


def test_only_size_changes_are_doubted_for_a_doubtful_flow() -> None:
    assert entry(doubtful=True).confidence == "high"
    told = scene(by_key(position(ROOT)), by_key(position(ROOT, 30_000)), doubtful=True)
    assert events.resize(told, ROOT, D(20_000)).confidence == "low"


def test_an_event_is_known_when_both_its_files_are() -> None:
    assert entry().known_at == NOW + timedelta(days=1)


def test_the_key_is_made_of_what_the_event_says() -> None:
    assert entry().key == entry().key
    others = [entry(absence(30)), entry(fund="LANB"), departure(before=position(ROOT))]
    assert len({entry().key, *(e.key for e in others)}) == 4
    assert entry().key.startswith("E")
    assert CALENDAR.is_session(entry().as_of)


def test_the_same_change_in_funds_of_one_ticker_has_an_id_for_each_issuer() -> None:
    one, other = entry(issuer="lantern"), entry(issuer="wick")
    assert one.key == entry(issuer="lantern").key != other.key
    assert one.place == other.place  # the order of what is told together does not depend on whose it is
    assert len(one.key) == 15


def test_the_place_of_an_event_reads_as_inside_its_issuer() -> None:
    whole, inside = "local:lantern/LANA:LOCAL7", "local:LANA:LOCAL7"
    found = events.keys(scene({}, {}), whole, Kind.INITIATED, day(1))
    assert found[1] == events.event_key("LANA", inside, Kind.INITIATED, day(1))
    assert found != events.keys(scene({}, {}), inside, Kind.EXITED, day(1))
