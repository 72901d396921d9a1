"""How long positions are held, on both databases."""

from __future__ import annotations

from dataclasses import replace

from monitor.store.engine import Engine
from tests.asking.answers import answered, cited, part
from tests.scenarios.stories import BASE, QUILL, ROWAN, Row, file, load, portfolio, session

NAMES = ("security.ticker", "open", "censored", "sessions", "days")


def told(engine: Engine, days: list[list[Row]], fund: str = "LANA") -> None:
    """A fund that holds these beside the twelve lines every fund holds, file by file."""
    load(engine, [file(fund, n, portfolio(*rows), moved=False) for n, rows in enumerate(days)])


def test_every_spell_has_its_length_and_says_which_end_is_not_known(stage: Engine) -> None:
    told(stage, [[], [QUILL], [QUILL], [QUILL, ROWAN], [ROWAN], [ROWAN], [ROWAN]])
    rows = [row for row in answered(stage, "holding_periods") if row["censored"] != "left"]
    assert part(rows, *NAMES) == [("QLN", False, "none", 3, 3), ("RWN", True, "none", 4, 6)]  # over a weekend
    assert part(rows, "first_file", "last_file", "exit_file") == [
        (str(session(1)), str(session(3)), str(session(4))),
        (str(session(3)), str(session(6)), None),
    ]
    assert rows[0]["closed"] == {"from": str(session(4)), "to": str(session(4))}
    assert rows[1]["closed"] is None
    assert cited(stage, "holding_periods")[-1] == ("LANA", session(6))


def test_what_the_first_file_had_is_left_censored(stage: Engine) -> None:
    told(stage, [[QUILL], [QUILL], []])
    rows = {row["security"]["ticker"]: row for row in answered(stage, "holding_periods", fund="LANA")}
    assert len(rows) == len(BASE) + 1
    assert part([rows["QLN"]], *NAMES) == [("QLN", False, "left", 2, 2)]
    assert rows["QLN"]["opened"]["from"] is None


def test_a_position_that_came_back_has_two_periods(stage: Engine) -> None:
    told(stage, [[], [QUILL], [], [QUILL], [QUILL]])
    rows = [row for row in answered(stage, "holding_periods") if row["security"]["ticker"] == "QLN"]
    assert part(rows, "open", "sessions") == [(False, 1), (True, 2)]


def test_the_distribution_counts_every_spell_once(stage: Engine) -> None:
    told(stage, [[], [QUILL], [QUILL], [QUILL, ROWAN], [ROWAN], [ROWAN]])
    (row,) = answered(stage, "holding_period_distribution")
    counts = ("spells", "completed", "still_open", "left_censored", "unmeasured")
    assert part([row], "fund", *counts) == [("LANA", len(BASE) + 2, 1, 1, len(BASE), 0)]
    assert part([row], "quartile_first", "median", "quartile_third") == [(3, 3, 3)]
    assert part([row], "km_first", "km_median", "km_third") == [(3, 3, None)]  # half of them went on after three
    assert cited(stage, "holding_period_distribution") == [("LANA", session(0)), ("LANA", session(5))]


def test_nothing_is_estimated_where_nothing_has_ended(stage: Engine) -> None:
    told(stage, [[], [QUILL], [QUILL]])
    (row,) = answered(stage, "holding_period_distribution", issuer="lantern")
    assert part([row], "completed", "still_open", "median", "km_median") == [(0, 1, None, None)]


def test_all_funds_together_come_before_each(stage: Engine) -> None:
    told(stage, [[], [QUILL], []])
    told(stage, [[], [replace(QUILL, shares=30_000)], [replace(QUILL, shares=30_000)], []], "LANB")
    rows = answered(stage, "holding_period_distribution")
    assert part(rows, "fund", "completed", "median") == [(None, 2, 1.5), ("LANA", 1, 1), ("LANB", 1, 2)]
    assert (rows[0]["issuer"], rows[0]["funds"]) == ("lantern", ["LANA", "LANB"])


def test_a_database_without_files_has_no_periods(stage: Engine) -> None:
    assert answered(stage, "holding_periods") == []
    assert answered(stage, "holding_period_distribution") == []
