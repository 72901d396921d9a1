"""Days of files in, the list of changes out: on a real database, through the pipeline."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from monitor import telling
from monitor.notify.text import bars
from monitor.rebuilding import rebuild
from monitor.store import queries
from monitor.store import schema as t
from monitor.store.engine import Engine, reading, transaction
from monitor.store.queries import Wanted
from tests.scenarios.stories import (
    BASE,
    LANTERN,
    QUILL,
    RESOLUTION,
    ROWAN,
    SWEEP,
    Row,
    cusip,
    derived,
    events,
    file,
    items,
    load,
    portfolio,
    rows_of,
    session,
    source,
    standings,
    t_day,
    told,
)

FUNDS = ("LANA", "LANB")


def quill(shares: int, price: float = 100.0) -> Row:
    return replace(QUILL, shares=shares, price=price)


SMALL = quill(270)  # 0.016 % of the fund


# --- entries and exits ----------------------------------------------------------------------------


def test_the_first_file_of_a_fund_says_nothing(stage: Engine) -> None:
    outcome = load(stage, [file("LANA", 0, portfolio(QUILL))], alert=True)
    assert (outcome.events, outcome.items, outcome.deliveries) == (0, 0, 0)
    assert told(stage) == []
    assert {row["censored"] for row in derived(stage)["spell"]} == {"left"}
    assert len(derived(stage)["spell"]) == len(BASE) + 1


def test_a_new_position_is_told_with_its_size_and_day(stage: Engine) -> None:
    load(stage, [file("LANA", n, portfolio()) for n in (0, 1)], alert=True)
    outcome = load(stage, [file("LANA", 2, portfolio(QUILL))], alert=True)
    assert told(stage) == [("INITIATED", "LANA", "QLN", 2)]
    (item,) = items(stage)
    assert item.short == ("INITIATED_AT_ISSUER", "LANA", "QLN", session(2))
    assert (item.body["active_shares"], item.body["shares_before"], item.body["shares_after"]) == (20_000, 0, 20_000)
    assert item.body["pos_session"] == {"from": "2026-01-07", "to": "2026-01-07"}
    assert item.body["severity"] == "normal"
    assert outcome.deliveries == 1
    assert "LANA opens QUILLON ROBOTICS INC (QLN)" in item.body["headline"]


def test_a_line_too_small_to_matter_opens_nothing_until_it_grows(lite: Engine) -> None:
    sizes = [0, 100, 100, 20_000]
    load(lite, [file("LANA", n, portfolio(*([quill(s)] if s else []))) for n, s in enumerate(sizes)])
    (event,) = events(lite)
    assert event.short == ("INITIATED", "LANA", "QLN", session(3))
    assert (event.body["shares_before"], event.body["active_shares"]) == (100, 19_900)
    assert f"a trace was listed from {session(1)} on" in event.body["claim"]


def test_a_position_that_leaves_in_one_step_is_told_at_once(stage: Engine) -> None:
    load(stage, [file("LANA", n, portfolio(QUILL)) for n in (0, 1)], alert=True)
    load(stage, [file("LANA", 2, portfolio())], alert=True)
    (event,) = events(stage)
    assert event.short == ("EXITED", "LANA", "QLN", session(2))
    assert (event.body["shares_before"], event.body["shares_after"]) == (20_000, 0)
    assert event.body["value"] == pytest.approx(-20_000 * 100, rel=1e-3)
    assert "left the portfolio of LANA in session 2026-01-07" in event.body["claim"]
    assert "sold" not in event.body["claim"]


def test_winding_down_to_a_crumb_ends_the_position_and_its_removal_is_a_footnote(lite: Engine) -> None:
    sizes = [20_000, 8_000, 300, 300, 300, 0, 0]
    load(lite, [file("LANA", n, portfolio(*([quill(s)] if s else []))) for n, s in enumerate(sizes)])
    assert told(lite) == [
        ("DECREASED", "LANA", "QLN", 1),
        ("EXITED", "LANA", "QLN", 2),
        ("CRUMB_REMOVED", "LANA", "QLN", 5),
    ]
    exited = next(e for e in events(lite) if e.kind == "EXITED")
    assert exited.body["shares_after"] == 300
    assert "a crumb of 300 shares is left" in exited.body["claim"]
    removed = next(i for i in items(lite) if i.kind == "CRUMB_REMOVED")
    assert removed.body["severity"] == "low"


def test_a_line_that_was_small_already_takes_two_files_to_leave(lite: Engine) -> None:
    before = [file("LANA", n, portfolio(quill(1_000) if n == 0 else SMALL)) for n in range(3)]
    load(lite, [*before, file("LANA", 3, portfolio())], alert=True)
    assert [e for e in told(lite) if e[0] == "EXITED"] == []
    load(lite, [file("LANA", 4, portfolio())], alert=True)
    assert [e for e in told(lite) if e[0] == "EXITED"] == [("EXITED", "LANA", "QLN", 3)]
    (item,) = [i for i in items(lite) if i.kind == "EXITED"]
    assert item.body["pos_session"] == {"from": "2026-01-08", "to": "2026-01-08"}


def test_a_line_missing_from_one_file_and_back_in_the_next_never_left(lite: Engine) -> None:
    rows = [portfolio(*held) for held in ([quill(1_000)], [SMALL], [], [SMALL], [SMALL])]
    load(lite, [file("LANA", n, rows[n]) for n in range(5)])
    assert [e for e in told(lite) if e[0] not in ("DECREASED", "INCREASED")] == []


def test_lines_below_the_publishers_resolution_do_not_leave(lite: Engine) -> None:
    rows = [portfolio(*held) for held in ([quill(1_000)], [SMALL], [SMALL], [], [], [])]
    files = [file("LANA", n, rows[n]) for n in range(6)]
    load(lite, files, of=source(RESOLUTION))
    assert [e for e in told(lite) if e[0] not in ("DECREASED", "INCREASED")] == []


@pytest.mark.parametrize(("away", "kind"), [(5, "RESUMED"), (20, "RESUMED"), (24, "RE_ENTERED"), (40, "RE_ENTERED")])
def test_coming_back_is_a_reentry_after_a_month_and_a_resumption_before(lite: Engine, away: int, kind: str) -> None:
    held = {0, 1, 2, 3 + away, 4 + away}
    load(lite, [file("LANA", n, portfolio(*([QUILL] if n in held else []))) for n in range(5 + away)])
    assert told(lite) == [("EXITED", "LANA", "QLN", 3), (kind, "LANA", "QLN", 3 + away)]
    back = events(lite)[-1].body
    assert back["absence"]["last_material"] == "2026-01-07"
    assert back["absence"]["last_shares"] == 20_000
    assert back["absence"]["uncovered_sessions"] == 0
    assert "first since" in back["claim"]
    item = items(lite)[-1].body
    assert item["kind"] == kind
    assert (item["severity"] == "low") == (kind == "RESUMED")


def test_a_hole_in_the_records_makes_since_a_last_seen(lite: Engine) -> None:
    days = [*range(6), *range(14, 31)]
    files = [file("LANA", n, portfolio(*([QUILL] if n < 3 or n == 30 else []))) for n in days]
    load(lite, files)
    back = events(lite)[-1].body
    assert back["kind"] == "RE_ENTERED"
    assert back["absence"]["longest_gap_sessions"] == 8
    assert "first seen since" in back["claim"]


def test_two_funds_entering_make_one_item(lite: Engine) -> None:
    files = [file(fund, n, portfolio(*([QUILL] if n == 2 else []))) for fund in FUNDS for n in range(3)]
    load(lite, files)
    (item,) = items(lite)
    assert item.short == ("INITIATED_AT_ISSUER", "LANA+LANB", "QLN", session(2))
    assert item.body["active_shares"] == 40_000
    assert len(item.body["events"]) == 2
    assert "Two Lantern funds (LANA, LANB) open QUILLON ROBOTICS INC (QLN)" in item.body["headline"]


def test_a_security_another_fund_holds_is_no_first_of_the_issuer(lite: Engine) -> None:
    files = [file("LANB", n, portfolio(QUILL)) for n in range(4)]
    files += [file("LANA", n, portfolio(*([QUILL] if n >= 2 else []))) for n in range(4)]
    load(lite, files)
    (item,) = items(lite)
    assert item.short == ("INITIATED", "LANA", "QLN", session(2))


def test_an_index_fund_alone_is_told_quietly(lite: Engine) -> None:
    load(lite, [file("LANX", n, portfolio(*([QUILL] if n == 2 else []))) for n in range(3)])
    load(lite, [file("LANA", n, portfolio(*([ROWAN] if n == 2 else []))) for n in range(3)])
    scores = {i.funds: i.body["score"] for i in items(lite)}
    assert scores["LANX"] < scores["LANA"] - 25


# --- files that cannot be believed ----------------------------------------------------------------


def test_a_truncated_file_is_held_and_then_discarded(stage: Engine) -> None:
    good = [file("LANA", n, portfolio(QUILL)) for n in (0, 1)]
    outcome = load(stage, [*good, file("LANA", 2, portfolio(QUILL)[:4])], alert=True)
    assert [f.outcome for f in outcome.files] == ["new", "new", "quarantined"]
    assert told(stage) == []
    load(stage, [file("LANA", 3, portfolio(QUILL))], alert=True)
    assert told(stage) == []
    assert standings(stage) == [("LANA", n, "discarded" if n == 2 else "accepted") for n in _order(stage)]


def _order(engine: Engine) -> list[int]:
    return [number for _, number, _ in standings(engine)]


def test_a_file_that_looked_truncated_counts_when_the_next_one_agrees(stage: Engine) -> None:
    files = [file("LANA", n, portfolio(QUILL) if n < 2 else portfolio()[:4]) for n in range(5)]
    load(stage, files)
    assert {standing for _, _, standing in standings(stage)} == {"accepted"}
    gone = [row.ticker for row in portfolio(QUILL)[4:]]
    assert [e for e in told(stage) if e[0] == "EXITED"] == sorted(("EXITED", "LANA", t, 2) for t in gone)


def test_two_lists_cut_at_the_same_place_confirm_nothing(lite: Engine) -> None:
    """Four of sixteen lines are missing for two days, and the weights of the others stay what they were."""
    more = [Row(f"THORNLEY {n} INC", f"TH{n}", cusip(f"5550{n}E50"), 90_000, 100.0) for n in range(4)]
    whole = {n: file("LANA", n, portfolio(*more)) for n in (0, 1, 4, 5)}
    cut = {}
    for n in (2, 3):
        name, body = file("LANA", n, portfolio(*more))
        cut[n] = (name, b"".join(line for line in body.splitlines(keepends=True) if b"THORNLEY" not in line))
    load(lite, [(whole | cut)[n] for n in range(6)])
    assert told(lite) == []
    assert {n: s for _, n, s in standings(lite) if s != "accepted"} == {2: "quarantined", 3: "discarded"}


def test_a_position_first_listed_by_a_file_held_back_opened_with_that_file(lite: Engine) -> None:
    files = [file("LANA", n, portfolio()[:5] if n < 2 else portfolio(QUILL)) for n in range(4)]
    load(lite, files)
    assert ("INITIATED", "LANA", "QLN", 2) in told(lite)
    assert {e[3] for e in told(lite)} == {2}


def test_a_file_held_back_may_open_what_another_fund_opened_that_day(lite: Engine) -> None:
    files = [file("LANB", n, portfolio(*([QUILL] if n >= 2 else []))) for n in range(4)]
    files += [file("LANA", n, portfolio()[:5] if n < 2 else portfolio(QUILL)) for n in range(4)]
    load(lite, files)
    assert {e for e in told(lite) if e[2] == "QLN"} == {
        ("INITIATED", "LANA", "QLN", 2),
        ("INITIATED", "LANB", "QLN", 2),
    }
    assert {f for i in items(lite) if i.ticker == "QLN" for f in i.body["funds"]} == {"LANA", "LANB"}


def test_what_a_redeemed_file_shows_is_told_when_it_is_redeemed(lite: Engine) -> None:
    load(lite, [file("LANA", n, portfolio()[:5]) for n in range(2)], alert=True)
    assert load(lite, [file("LANA", 2, portfolio(QUILL))], alert=True).deliveries == 0
    outcome = load(lite, [file("LANA", 3, portfolio(QUILL))], alert=True)
    assert ("INITIATED", "LANA", "QLN", 2) in told(lite)
    assert outcome.deliveries == outcome.items > 0


def test_a_file_without_any_known_line_is_held(lite: Engine) -> None:
    strangers = [
        replace(
            row, name=f"ZEPHYR {at} WORKS", ticker=f"ZE{at}", identifier=cusip(f"8{at:02}41A1B"), shares=50_021 + at
        )
        for at, row in enumerate(portfolio(QUILL))
    ]
    load(lite, [file("LANA", n, strangers if n == 2 else portfolio(QUILL)) for n in range(4)])
    assert told(lite) == []
    assert ("LANA", 2, "discarded") in standings(lite)


@pytest.mark.parametrize("better_first", [True, False])
def test_a_better_version_of_a_day_replaces_the_worse_whichever_came_first(lite: Engine, better_first: bool) -> None:
    good, bad = file("LANA", 2, portfolio(QUILL)), file("LANA", 2, portfolio()[:4], version=".v2")
    load(lite, [file("LANA", n, portfolio(QUILL)) for n in (0, 1)])
    for one in (good, bad) if better_first else (bad, good):
        load(lite, [one])
    load(lite, [file("LANA", 3, portfolio(QUILL))])
    assert told(lite) == []
    states = sorted(standing for _, number, standing in standings(lite) if number == 2)
    assert states[0] == "accepted"


def test_a_second_version_corrects_what_the_first_said(lite: Engine) -> None:
    load(lite, [file("LANA", n, portfolio()) for n in (0, 1)])
    load(lite, [file("LANA", 2, portfolio(quill(20_000)))])
    load(lite, [file("LANA", 2, portfolio(quill(25_000)), version=".v2")])
    (event,) = events(lite)
    assert event.body["shares_after"] == 25_000
    assert sorted(s for _, n, s in standings(lite) if n == 2) == ["accepted", "superseded"]


def test_what_was_told_before_a_correction_stays_on_record(stage: Engine) -> None:
    load(stage, [file("LANA", n, portfolio()) for n in (0, 1)], alert=True)
    load(stage, [file("LANA", 2, portfolio(quill(20_000), ROWAN))], alert=True)
    load(stage, [file("LANA", 2, portfolio(quill(25_000)), version=".v2")], alert=True)
    with transaction(stage) as conn:
        shown = queries.changes(conn, Wanted(level="item", superseded=True))
        plain = queries.changes(conn, Wanted(level="item"))
    told_so = sorted((str(one["status"]), str(one["claim"]).split(" (")[0], one["active_shares"]) for one in shown)
    assert told_so == [
        ("correction", "LANA opens QUILLON ROBOTICS INC", 25_000),
        ("superseded", "LANA opens QUILLON ROBOTICS INC", 20_000),
        ("superseded", "LANA opens ROWANBERRY FOODS CORP", 30_000),
    ]
    assert [one["status"] for one in plain] == ["correction"]


def test_a_restated_file_is_told_as_a_correction_that_says_what_was_told(lite: Engine) -> None:
    load(lite, [file("LANA", n, portfolio()) for n in (0, 1)], alert=True)
    load(lite, [file("LANA", 2, portfolio(quill(20_000)))], alert=True)
    with transaction(lite) as conn:
        conn.execute(t.delivery.update().values(state="sent", sent_at="2026-01-09T12:00:00.000000Z", receipt="1"))
    load(lite, [file("LANA", 2, portfolio(quill(25_000)), version=".v2")], alert=True)
    with transaction(lite) as conn:
        rows = conn.execute(select(t.delivery.c.message).order_by(t.delivery.c.id)).scalars()
        messages = [json.loads(text) for text in rows]
    assert [(one["form"], one["revision"], one["shares"]) for one in messages] == [
        ("alert", 1, "20000"),
        ("correction", 2, "25000"),
    ]
    (why,) = messages[1]["lines"]
    assert why.startswith("The issuer published another version of its file (LANA dated ")
    assert "Told before: LANA opens QUILLON ROBOTICS INC" in why
    assert "20,000" in why


def test_what_nobody_was_told_is_replaced_without_a_trace(lite: Engine) -> None:
    load(lite, [file("LANA", n, portfolio(*([] if n < 2 else [quill(20_000)]))) for n in range(3)])
    load(lite, [file("LANA", 2, portfolio(quill(25_000)), version=".v2")])
    with transaction(lite) as conn:
        assert [one["status"] for one in queries.changes(conn, Wanted(superseded=True))] == ["current", "current"]


def test_the_same_file_again_changes_nothing(lite: Engine) -> None:
    files = [file("LANA", n, portfolio(*([QUILL] if n else []))) for n in range(3)]
    load(lite, files)
    before = derived(lite)
    outcome = load(lite, files)
    assert [f.outcome for f in outcome.files] == ["heartbeat"] * 3
    assert derived(lite) == before


def test_what_is_no_holdings_file_is_refused_and_makes_no_exit(lite: Engine) -> None:
    load(lite, [file("LANA", n, portfolio(QUILL)) for n in (0, 1)])
    outcome = load(lite, [("LANA.csv", b"<html><title>Moved</title></html>"), ("LANA.csv", b"")])
    assert [(f.outcome, f.code) for f in outcome.files] == [("refused", "html"), ("refused", "empty")]
    load(lite, [file("LANA", 2, portfolio(QUILL))])
    assert told(lite) == []


# --- time -----------------------------------------------------------------------------------------


def test_a_missing_day_makes_an_interval(lite: Engine) -> None:
    load(lite, [file("LANA", n, portfolio(*([QUILL] if n == 3 else []))) for n in (0, 1, 3)])
    (event,) = events(lite)
    assert event.body["pos_session"] == {"from": "2026-01-07", "to": "2026-01-08"}
    (item,) = items(lite)
    assert "in sessions 2026-01-07 … 2026-01-08" in item.body["caveat"]


def test_after_a_list_repeated_under_a_new_date_the_next_file_covers_both_days(lite: Engine) -> None:
    rows = [portfolio(), portfolio(), portfolio(), portfolio(QUILL)]
    bodies = [file("LANA", n, rows[n], moved=n != 2) for n in range(4)]
    stale = bodies[1][1].decode().replace(str(session(1)), str(session(2))).encode()
    load(lite, [bodies[0], bodies[1], (bodies[2][0], stale), bodies[3]])
    (event,) = events(lite)
    assert event.body["as_of"] == str(session(3))
    assert event.body["pos_session"] == {"from": str(session(2)), "to": str(session(3))}
    warned = [row for row in derived(lite)["standing"] if "stale" in row["warnings"]]
    assert len(warned) == 1


def test_an_older_file_that_turns_up_later_corrects_the_past_and_tells_nobody(stage: Engine) -> None:
    days = [0, 1, 2, 5, 6]
    load(stage, [file("LANA", n, portfolio(*([QUILL] if n >= 3 else []))) for n in days], alert=True)
    assert told(stage) == [("INITIATED", "LANA", "QLN", 5)]
    outcome = load(stage, [file("LANA", 3, portfolio(QUILL))])
    assert told(stage) == [("INITIATED", "LANA", "QLN", 3)]
    assert outcome.deliveries == 0


def test_files_fetched_long_after_their_day_are_not_told(lite: Engine) -> None:
    load(lite, [file("LANA", n, portfolio()) for n in (0, 1)], alert=True)
    load(lite, [file("LANA", 12, portfolio())], alert=True)
    outcome = load(lite, [file("LANA", 3, portfolio(QUILL))], alert=True)
    assert outcome.deliveries == 0
    assert ("INITIATED", "LANA", "QLN", 3) in told(lite)


def test_the_day_after_a_correction_is_derived_again(lite: Engine) -> None:
    load(lite, [file("LANA", n, portfolio(QUILL)) for n in range(4)])
    load(lite, [file("LANA", 1, portfolio(), version=".v2")])
    assert told(lite) == [("EXITED", "LANA", "QLN", 1), ("RESUMED", "LANA", "QLN", 2)]


# --- sizes ----------------------------------------------------------------------------------------


def test_a_creation_of_units_is_no_purchase(lite: Engine) -> None:
    grown = [replace(row, shares=row.shares + row.shares // 40) for row in portfolio(QUILL)]
    load(lite, [file("LANA", 0, portfolio(QUILL)), file("LANA", 1, grown)])
    assert told(lite) == []


def test_a_purchase_on_the_day_of_a_creation_is_told_without_the_flow(lite: Engine) -> None:
    grown = [replace(row, shares=row.shares + row.shares // 40) for row in portfolio()]
    load(lite, [file("LANA", 0, portfolio(QUILL)), file("LANA", 1, [*grown, quill(30_000)])])
    (event,) = events(lite)
    assert event.short == ("INCREASED", "LANA", "QLN", session(1))
    assert event.body["active_shares"] == pytest.approx(30_000 - 20_000 * 1.025, abs=2)
    assert "flow factor 1.02499" in event.body["claim"]


def test_a_line_that_creations_leave_out_is_sold_by_what_it_lost(lite: Engine) -> None:
    """The first creation leaves the line alone; with the second it falls by 1,000 shares, and that is the sale."""

    def rows(scale: float, shares: int) -> list[Row]:
        return [*(replace(row, shares=round(row.shares * scale)) for row in BASE.values()), quill(shares)]

    days = [rows(1.0, 20_000), rows(1.02, 20_000), rows(1.0404, 19_000), rows(1.0404, 19_000)]
    load(lite, [file("LANA", n, rows_of_day) for n, rows_of_day in enumerate(days)])
    (sold,) = events(lite)
    assert (sold.kind, sold.body["active_shares"], sold.body["shares_before"]) == ("DECREASED", -1_000, 20_000)
    assert [(r["security"], r["until"]) for r in rows_of(lite, t.outside)] == [(f"cusip:{QUILL.identifier}", None)]
    load(lite, [file("LANA", 4, rows(1.06, 19_360))])
    assert [t_day(r["until"]) for r in rows_of(lite, t.outside)] == [session(4)]


def test_a_line_of_the_same_company_is_named_with_an_entry(lite: Engine) -> None:
    home = Row("QUILLON ROBOTICS LTD", "9988", "", 50_000, 20.0, sedol="B000008")
    files = [file("LANA", n, portfolio(*([QUILL] if n == 2 else []))) for n in range(3)]
    load(lite, [*files, *(file("LANB", n, portfolio(home)) for n in range(3))])
    (entry,) = items(lite)
    assert "Another line of the company is held: LANB QUILLON ROBOTICS LTD (9988)." in entry.body["claim"]


def test_counts_that_stand_still_where_they_never_do_leave_the_day_open(lite: Engine) -> None:
    """Twenty-five days of flows, then a day of new prices and old counts: what follows covers both sessions."""

    def rows(n: int) -> list[Row]:
        day = min(n, 24) + max(0, n - 25)
        return [
            *(replace(row, shares=round(row.shares * 1.001**day)) for row in BASE.values()),
            quill(20_000 + n // 26),
        ]

    files = [file("LANA", n, rows(n)) for n in range(26)]
    files.append(file("LANA", 26, [*rows(26)[:-1], quill(31_000)]))
    load(lite, files)
    (bought,) = events(lite)
    assert bought.body["pos_session"] == {"from": session(25).isoformat(), "to": session(26).isoformat()}
    (still,) = [r for r in rows_of(lite, t.standing) if "stale" in r["warnings"]]
    assert (t_day(still["as_of"]), still["standing"]) == (session(25), "accepted")


def test_prices_alone_change_nothing(lite: Engine) -> None:
    load(lite, [file("LANA", n, portfolio(quill(20_000, 100 - 25 * n))) for n in range(4)])
    assert told(lite) == []


def test_a_rebalance_is_one_note(lite: Engine) -> None:
    resized = [replace(row, shares=int(row.shares * (0.8 + 0.037 * at))) for at, row in enumerate(portfolio())]
    load(lite, [file("LANX", 0, portfolio()), file("LANX", 1, resized)])
    assert [e[0] for e in told(lite)] == ["REBALANCE"]
    (item,) = items(lite)
    assert item.body["severity"] == "low"


def test_a_replaced_cash_fund_is_one_quiet_note(lite: Engine) -> None:
    other = Row("SILVERBROOK GOVT CASH FUND", "", "X9USDSLVR", 1_200_000, 1.0)
    load(lite, [file(fund, n, portfolio(SWEEP if n < 2 else other)) for n in range(4) for fund in FUNDS])
    assert [e[:2] for e in told(lite)] == [("CASH_VEHICLE", "LANA"), ("CASH_VEHICLE", "LANB")]
    (item,) = items(lite)
    assert item.body["severity"] == "low"
    assert item.body["headline"] == (
        "LANA, LANB: cash is kept in SILVERBROOK GOVT CASH FUND instead of GOLDWATER GOVT CASH FUND"
    )


# --- one position under several names -------------------------------------------------------------


def test_a_split_is_told_as_such_and_scales_the_past(lite: Engine) -> None:
    def rows(n: int) -> list[Row]:
        return portfolio(*([quill(20_000)] if n < 3 else [quill(60_000, 100 / 3)] if n < 6 else []))

    files = [file("LANA", n, rows(n)) for n in range(30)]
    load(lite, [*files, file("LANA", 30, portfolio(quill(60_000, 100 / 3)))])
    assert told(lite) == [
        ("SPLIT", "LANA", "QLN", 3),
        ("EXITED", "LANA", "QLN", 6),
        ("RE_ENTERED", "LANA", "QLN", 30),
    ]
    assert [row["factor"] for row in derived(lite)["split"]] == ["3"]
    assert "peak 60,000 shares" in events(lite)[1].body["claim"]
    with reading(lite) as conn:
        keys = list(
            conn.execute(select(t.security.c.key).join(t.split, t.split.c.security == t.security.c.id)).scalars()
        )
        past = telling.shares_over_time(conn, LANTERN.id, keys, session(30))
    # The first twenty thousand were as much as sixty now, and a weekend is no gap.
    assert [point.shares for point in past] == [60_000] * 7 + [0] * 32 + [60_000]
    assert bars(past).split(" ")[1][0] == "█"


def test_a_purchase_in_another_fund_on_the_day_of_a_split_is_measured_in_new_shares(lite: Engine) -> None:
    after = {"LANA": 200_000, "LANB": 212_000}
    files = [
        file(fund, n, portfolio(quill(20_000) if n < 2 else quill(after[fund], 10.0)))
        for fund in FUNDS
        for n in range(3)
    ]
    load(lite, files)
    assert told(lite) == [
        ("INCREASED", "LANB", "QLN", 2),
        ("SPLIT", "LANA", "QLN", 2),
        ("SPLIT", "LANB", "QLN", 2),
    ]
    (bought,) = [e for e in events(lite) if e.kind == "INCREASED"]
    assert (bought.body["active_shares"], bought.body["shares_before"]) == (12_000, 200_000)


def test_an_absence_across_a_split_is_told_in_todays_shares(lite: Engine) -> None:
    def rows(fund: str, n: int) -> list[Row]:
        row = quill(20_000) if n < 10 else quill(100_000, 20.0)
        return portfolio(*([row] if fund == "LANB" or n < 3 or n >= 30 else []))

    load(lite, [file(fund, n, rows(fund, n)) for fund in FUNDS for n in range(31)])
    back = events(lite)[-1]
    assert (back.kind, back.funds) == ("RE_ENTERED", "LANA")
    assert back.body["absence"]["last_shares"] == 100_000


def test_shares_that_double_before_the_price_halves_are_no_purchase(lite: Engine) -> None:
    prices = [100.0, 100.0, 100.0, 50.0, 50.0]
    files = [file("LANA", n, portfolio(quill(20_000 if n < 2 else 40_000, prices[n]))) for n in range(5)]
    load(lite, files)
    assert [e for e in told(lite) if e[0] in ("INCREASED", "DECREASED")] == []


def test_a_pending_split_is_decided_by_the_next_file(lite: Engine) -> None:
    prices = [100.0, 100.0, 100.0, 50.0, 50.0]
    files = [file("LANA", n, portfolio(quill(20_000 if n < 2 else 40_000, prices[n]))) for n in range(5)]
    load(lite, files)
    assert told(lite) == [("SPLIT", "LANA", "QLN", 3)]
    (split,) = rows_of(lite, t.split)
    assert (t_day(split["day"]), t_day(split["settled"]), split["factor"]) == (session(2), session(3), "2")


def test_a_position_that_really_doubled_is_told_one_file_later(lite: Engine) -> None:
    files = [file("LANA", n, portfolio(quill(20_000 if n < 2 else 40_000))) for n in range(5)]
    load(lite, files)
    assert told(lite) == [("INCREASED", "LANA", "QLN", 2)]
    (bought,) = events(lite)
    assert (bought.body["active_shares"], bought.body["as_of"]) == (20_000, session(2).isoformat())
    assert bought.body["claim"].endswith(f"told when the file dated {session(3)} showed that it was no split")


def test_a_count_that_goes_back_after_a_whole_ratio_says_nothing(lite: Engine) -> None:
    """A consolidation entered a day too early, taken back, and entered again with its price."""
    lines = [(24_000, 10.0), (3_000, 10.0), (24_000, 10.0), (3_000, 80.0), (3_000, 81.0)]
    load(lite, [file("LANA", n, portfolio(quill(*lines[n]))) for n in range(5)])
    assert told(lite) == [("SPLIT", "LANA", "QLN", 3)]


def test_a_pending_split_is_decided_the_same_a_file_at_a_time(lite: Engine, stage: Engine) -> None:
    prices = [100.0, 100.0, 100.0, 50.0, 50.0]
    files = [file("LANA", n, portfolio(quill(20_000 if n < 2 else 40_000, prices[n]))) for n in range(5)]
    load(lite, files)
    for one in files:
        load(stage, [one])
    assert told(stage) == told(lite)


def test_a_corrected_file_decides_a_pending_split_anew(lite: Engine, stage: Engine) -> None:
    def line(n: int, price: float) -> list[Row]:
        return portfolio(quill(20_000 if n < 2 else 40_000, price))

    files = [file("LANA", n, line(n, 100.0 if n < 3 else 50.0)) for n in range(4)]
    corrected = [file("LANA", 3, line(3, 101.0), version=".v2"), file("LANA", 4, line(4, 101.0))]
    for one in (*files, *corrected):
        load(stage, [one])
    load(lite, [*reversed(corrected), *files])
    assert [(c.kind, c.ticker) for c in events(stage)] == [("INCREASED", "QLN")]
    assert {row["label"] for row in rows_of(stage, t.trade)} == {"ACTIVE"}
    assert told(stage) == told(lite)
    assert rows_of(stage, t.pending) == rows_of(lite, t.pending)
    assert rows_of(stage, t.trade) == rows_of(lite, t.trade)


def test_a_split_two_funds_show_on_two_days_counts_once(lite: Engine) -> None:
    """LANB's file of the day still has old shares and the old price."""

    def line(fund: str, n: int) -> Row:
        return quill(20_000) if n < (2 if fund == "LANA" else 3) else quill(100_000, 20.0)

    load(lite, [file(fund, n, portfolio(line(fund, n))) for fund in ("LANA", "LANB") for n in range(5)])
    assert told(lite) == [("SPLIT", "LANA", "QLN", 2), ("SPLIT", "LANB", "QLN", 3)]
    shown = {(row["shown_by"], t_day(row["day"])) for row in rows_of(lite, t.split)}
    assert shown == {("", session(2)), ("LANB", session(3))}
    load(lite, [file(fund, 5, portfolio()) for fund in ("LANA", "LANB")])
    assert {e.body["shares_before"] for e in events(lite) if e.kind == "EXITED"} == {100_000}


def test_a_new_ticker_is_told_as_that(lite: Engine) -> None:
    renamed = replace(QUILL, name="QUILLWARD INC", ticker="QWD")
    load(lite, [file("LANA", n, portfolio(QUILL if n < 2 else renamed)) for n in range(4)])
    assert told(lite) == [("TICKER_CHANGED", "LANA", "QWD", 2)]


def test_an_exchange_code_behind_the_ticker_is_no_new_ticker(lite: Engine) -> None:
    suffixed = replace(QUILL, ticker="QLN UW")
    load(lite, [file("LANA", n, portfolio(QUILL if n < 2 else suffixed)) for n in range(4)])
    assert told(lite) == []


def test_a_new_identifier_of_the_same_company_continues_the_position(lite: Engine) -> None:
    moved = replace(QUILL, identifier=cusip("55591A10"))
    load(lite, [file("LANA", n, portfolio(QUILL if n < 2 else moved)) for n in range(5)])
    assert [e[0] for e in told(lite)] == ["IDENTIFIER_CHANGE"]
    (link,) = derived(lite)["link"]
    assert (link["rule"], link["confidence"]) == ("ticker and name", "high")
    assert all(row["closed_day"] is None for row in derived(lite)["spell"])


def test_a_hand_edited_file_that_spoils_one_identifier_changes_nothing(lite: Engine) -> None:
    spoiled = replace(QUILL, identifier="5.55E+08")
    load(lite, [file("LANA", n, portfolio(spoiled if n == 2 else QUILL)) for n in range(5)])
    assert told(lite) == []


def test_a_successor_under_another_name_is_linked_when_two_funds_agree(lite: Engine) -> None:
    shell = Row("HARBOUR ACQUISITION CORP II", "HRBR", cusip("55503C30"), 50_000, 10.0)
    other = Row("PINNACLE ACQUISITION CORP", "PNCL", cusip("55504D40"), 50_000, 10.0)
    born = replace(shell, name="ZANTHIC BATTERY INC", ticker="ZNTH", identifier=cusip("55505E50"))
    twin = replace(other, name="MOSSWELL GENOMICS INC", ticker="MSWL", identifier=cusip("55506F60"))
    files = [file("LANA", n, portfolio(*((shell, other) if n < 2 else (born, twin)))) for n in range(4)]
    files += [file("LANB", n, portfolio(shell if n < 2 else born)) for n in range(4)]
    load(lite, files)
    links = {(row["fund"], row["kind"], row["confidence"]) for row in derived(lite)["link"]}
    assert links == {("LANA", "SUCCESSOR", "inferred"), ("LANB", "SUCCESSOR", "inferred")}
    named = [(e.kind, e.funds, e.ticker) for e in events(lite) if e.kind == "SUCCESSOR"]
    assert named == [("SUCCESSOR", "LANA", "ZNTH"), ("SUCCESSOR", "LANB", "ZNTH")]
    assert "is continued by ZANTHIC BATTERY INC (ZNTH)" in events(lite)[-1].body["claim"]


def test_a_merger_into_a_held_line_is_one_possible_conversion(lite: Engine) -> None:
    """No exit and no purchase; the position of the merged company is over all the same."""
    shell = Row("HALCYON SHELL ACQUISITION-A", "HSA", cusip("55503C30"), 60_000, 10.0)
    apart, together = portfolio(quill(20_000, 10.0), shell), portfolio(quill(75_000, 10.0))
    files = [file("LANA", n, apart if n < 2 else together) for n in range(4)]
    load(lite, files)
    assert told(lite) == [("POSSIBLE_CONVERSION", "LANA", "HSA", 2)]
    (one,) = items(lite)
    assert (one.body["severity"], one.body["confidence"]) == ("low", "low")
    labels = {(row["security"], row["label"]) for row in rows_of(lite, t.trade)}
    assert {label for _, label in labels} == {"EXCHANGED"}
    (over,) = [row for row in rows_of(lite, t.spell) if row["closed_day"] is not None]
    assert over["security"] == f"cusip:{shell.identifier}"


def test_a_spin_off_is_received_and_its_first_real_share_is_no_purchase(lite: Engine) -> None:
    issued = Row("QUILLON ROBOTICS HEALTH-W/I", "QLNHV W/I", cusip("55504D40"), 10_000, 40.0)
    named = replace(issued, name="QUILLON ROBOTICS HEALTH", ticker="QLNH")

    def rows(n: int) -> list[Row]:
        return portfolio(quill(30_000, 100.0 if n < 2 else 86.0), *([] if n < 2 else [issued] if n < 3 else [named]))

    load(lite, [file("LANA", n, rows(n)) for n in range(5)])
    assert [change[:3] for change in told(lite) if change[0] not in ("TICKER_CHANGED", "RENAMED")] == [
        ("SPIN_OFF_RECEIVED", "LANA", "QLNHV W/I")
    ]


def test_two_share_classes_of_one_company_are_two_positions(lite: Engine) -> None:
    first = Row("MARROWAY MEDIA INC-CL A", "MWMA", cusip("55507G70"), 20_000)
    second = Row("MARROWAY MEDIA INC-CL C", "MWMC", cusip("55508H80"), 12_345)
    load(lite, [file("LANA", n, portfolio(first if n < 2 else second)) for n in range(4)])
    assert told(lite) == [("EXITED", "LANA", "MWMA", 2), ("INITIATED", "LANA", "MWMC", 2)]


# --- funds whose sessions are not known -----------------------------------------------------------


def returning(engine: Engine, *held: int) -> None:
    """LANA's files while the issuer's dates are not calibrated; QLN is listed in those of the sessions `held`."""
    files = [file("LANA", n, portfolio(*([QUILL] if n in held else []))) for n in range(max(held) + 1)]
    load(engine, files, of=replace(LANTERN, conventions=()))


def test_without_a_convention_only_file_dates_are_claimed(lite: Engine) -> None:
    returning(lite, 0, 1, 2, 30, 31)
    assert told(lite) == [("EXITED", "LANA", "QLN", 3), ("RE_ENTERED", "LANA", "QLN", 30)]
    for change in events(lite):
        assert change.body["pos_session"] == {"from": None, "to": None}
        assert "None" not in change.body["claim"]
        assert "after the close" not in change.body["claim"]
    assert f"first since the file dated {session(2)}" in events(lite)[-1].body["claim"]


def test_without_a_convention_a_return_is_no_first_of_the_issuer(lite: Engine) -> None:
    returning(lite, 0, 1, 2, 30, 31)
    assert items(lite)[-1].kind == "RE_ENTERED"


def test_without_a_convention_no_sentence_says_none(lite: Engine) -> None:
    returning(lite, 0, 1, 2, 30, 31)
    assert [i.body["claim"] for i in items(lite) if "None" in i.body["claim"]] == []


def test_without_a_convention_a_day_of_absence_is_no_reentry(lite: Engine) -> None:
    returning(lite, 0, 1, 2, 4, 5)
    assert told(lite) == [("EXITED", "LANA", "QLN", 3), ("RESUMED", "LANA", "QLN", 4)]


# --- again ----------------------------------------------------------------------------------------


def test_rebuilding_gives_every_derived_row_again(stage: Engine) -> None:
    def rows(n: int) -> list[Row]:
        if n == 7:
            return portfolio()[:4]
        return portfolio(*([quill(20_000 + 1_500 * n)] if n < 10 or n > 34 else []), *([ROWAN] if n > 4 else []))

    for n in range(0, 40, 10):
        load(stage, [file(fund, m, rows(m)) for m in range(n, n + 10) for fund in FUNDS])
    before = derived(stage)
    assert {e[0] for e in told(stage)} == {"EXITED", "INCREASED", "INITIATED", "RE_ENTERED"}
    report = rebuild(stage, {"lantern": LANTERN}, progress=lambda text, count: None)
    assert (report.issuers, report.snapshots) == (1, 80)
    assert derived(stage) == before


def test_the_days_of_the_stories_are_weekdays() -> None:
    assert [session(n) for n in (0, 4, 5)] == [date(2026, 1, 5), date(2026, 1, 9), date(2026, 1, 12)]
    assert all((session(n + 1) - session(n)) in (timedelta(1), timedelta(3)) for n in range(100))
