"""Entries, exits and returns, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.errors import UsageError
from monitor.store.engine import Engine
from tests.asking.answers import answered, cited, part
from tests.scenarios.stories import QUILL, file, load, portfolio, session

BACK = 26  # the session of the return


def story(engine: Engine) -> None:
    """QUILL enters LANA with the file of session 1, leaves with that of session 3, and is back after 22 sessions; LANB
    buys it in session 2 and keeps it."""
    held = {1, 2, *range(BACK, BACK + 2)}
    files = [file("LANA", n, portfolio(QUILL) if n in held else portfolio()) for n in range(BACK + 2)]
    files += [file("LANB", n, portfolio(QUILL) if n > 1 else portfolio()) for n in range(BACK + 2)]
    load(engine, files)


def test_entries_exits_and_returns(stage: Engine) -> None:
    story(stage)
    all_days = {"since": str(session(0))}
    entries = answered(stage, "entries", security="QLN", **all_days)
    assert part(entries, "fund", "as_of", "kind", "shares_after") == [
        ("LANA", str(session(1)), "INITIATED", 20_000),
        ("LANB", str(session(2)), "INITIATED", 20_000),
        ("LANA", str(session(BACK)), "RE_ENTERED", 20_000),
    ]
    assert part(answered(stage, "exits", **all_days), "fund", "as_of", "shares_before") == [
        ("LANA", str(session(3)), 20_000)
    ]
    (back,) = answered(stage, "re_entries")
    assert (back["fund"], back["absence"]["sessions"], back["absence"]["last_material"]) == (
        "LANA",
        BACK - 3,
        str(session(2)),
    )
    assert answered(stage, "re_entries", min_absence=str(BACK - 2)) == []
    assert part(answered(stage, "issuer_firsts"), "funds", "security.ticker", "level") == [(["LANA"], "QLN", "item")]
    assert cited(stage, "exits", **all_days) == [("LANA", session(3))]


def test_a_fund_an_issuer_and_days_narrow(stage: Engine) -> None:
    story(stage)
    first = {"since": str(session(0)), "until": str(session(20))}
    assert part(answered(stage, "entries", fund="LANA", **first), "as_of") == [(str(session(1)),)]
    assert len(answered(stage, "entries", issuer="lantern", **first)) == 2
    assert answered(stage, "entries", since=str(session(BACK + 1))) == []
    with pytest.raises(UsageError, match="No issuer"):
        answered(stage, "entries", issuer="lantren")


@pytest.mark.parametrize("wanted", [{}, {"fund": "LANA"}, {"level": "item"}, {"level": "item", "fund": "LANA"}])
def test_the_newest_changes_are_the_end_of_all_changes(stage: Engine, wanted: dict[str, str]) -> None:
    bought = [replace(QUILL, shares=20_000 + 3_000 * n) for n in range(9)]
    load(stage, [file(of, n, portfolio(row)) for of in ("LANA", "LANB") for n, row in enumerate(bought)])
    every = answered(stage, "changes", **wanted)
    assert len(every) > 6
    for count in (1, 2, 5, 500):
        assert answered(stage, "changes", limit=str(count), **wanted) == every[-count:]
    assert answered(stage, "changes", limit="0", **wanted) == []
    loud = answered(stage, "changes", severity=["low"], **wanted)
    assert loud == [one for one in every if one["severity"] == "low"]
    assert answered(stage, "changes", severity=["low"], limit="3", **wanted) == loud[-3:]
