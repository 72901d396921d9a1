"""An operator's word on what is one position: kept, obeyed, and the same rows whatever the order of loading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from monitor import identities
from monitor.core.errors import UsageError
from monitor.identities import Effect, Speaking
from monitor.rebuilding import rebuild
from monitor.store import schema as t
from monitor.store.engine import Engine
from tests.scenarios.stories import (
    LANTERN,
    NOW,
    PLAN,
    QUILL,
    ROWAN,
    File,
    Row,
    cusip,
    derived,
    file,
    load,
    portfolio,
    rows_of,
    session,
    told,
)

# Another name, ticker, number and size: no rule sees that ROWAN goes on as SORREL.
SORREL = Row("SORREL BEVERAGE TRUST", "SBT", cusip("55503C30"), 41_000)
RENAMED = replace(QUILL, identifier=cusip("55591A10"))


def plot(*days: Sequence[Row], fund: str = "LANA") -> list[File]:
    return [file(fund, n, portfolio(*rows)) for n, rows in enumerate(days)]


MERGER = plot([ROWAN], [ROWAN], [SORREL], [SORREL], [replace(SORREL, shares=60_000)])
MOVE = plot([QUILL], [QUILL], [RENAMED], [RENAMED])


def speaking(engine: Engine) -> Speaking:
    return Speaking(engine, {"lantern": LANTERN}, PLAN, NOW)


def link(engine: Engine, earlier: Row, later: Row, fund: str | None = None, on: date | None = None) -> Effect:
    return identities.link(speaking(engine), earlier.identifier, later.identifier, fund, on, "a merger")


def cut(engine: Engine, earlier: Row, later: Row, fund: str | None = None) -> Effect:
    return identities.cut(speaking(engine), earlier.identifier, later.identifier, fund, "")


def links(engine: Engine) -> list[tuple[Any, ...]]:
    rows = rows_of(engine, t.link)
    return [(row["fund"], row["earlier"], row["later"], row["kind"], row["rule"], row["confidence"]) for row in rows]


def kinds(engine: Engine) -> set[tuple[str, str | None]]:
    return {(kind, ticker) for kind, _, ticker, _ in told(engine)}


def test_a_link_makes_one_position_of_two(stage: Engine) -> None:
    load(stage, MERGER)
    assert kinds(stage) >= {("EXITED", "RWN"), ("INITIATED", "SBT")}
    effect = link(stage, ROWAN, SORREL)
    assert kinds(stage) == {("SUCCESSOR", "SBT"), ("INCREASED", "SBT")}
    key, other = f"cusip:{ROWAN.identifier}", f"cusip:{SORREL.identifier}"
    assert links(stage) == [("LANA", key, other, "SUCCESSOR", "operator", "operator")]
    gone = "\n".join(effect.gone)
    assert "EXITED" in gone
    assert "INITIATED" in gone
    assert f"link {key} → {other} (operator, operator)" in effect.new[0]
    assert [row["opened_day"] for row in rows_of(stage, t.spell) if row["security"] in (key, other)] == [
        row["opened_day"] for row in rows_of(stage, t.spell) if row["security"] == key
    ]


def test_a_word_is_kept_through_a_rebuild_and_any_order_of_loading(fresh: Callable[[], Engine]) -> None:
    first, second, third = fresh(), fresh(), fresh()
    load(first, [*MERGER, *plot([ROWAN], [ROWAN], [], [SORREL], fund="LANB")])
    link(first, ROWAN, SORREL)
    before = derived(first)
    rebuild(first, {"lantern": LANTERN}, progress=lambda text, count: None)
    assert derived(first) == before
    files = [*plot([ROWAN], [ROWAN], [], [SORREL], fund="LANB"), *MERGER]
    for one in reversed(files):
        load(second, [one])
    link(second, ROWAN, SORREL)
    assert derived(second) == before
    load(third, [one for one in files if str(session(4)) not in one[0]])
    link(third, ROWAN, SORREL)
    load(third, [one for one in files if str(session(4)) in one[0]])
    assert derived(third) == before


def test_a_link_counts_although_files_lie_between(lite: Engine) -> None:
    load(lite, plot([ROWAN], [ROWAN], [], [SORREL]))
    link(lite, ROWAN, SORREL)
    assert kinds(lite) == {("EXITED", "RWN"), ("RESUMED", "SBT")}


def test_a_cut_undoes_what_a_rule_says_and_a_link_brings_it_back(stage: Engine) -> None:
    load(stage, MOVE)
    before = {name: rows for name, rows in derived(stage).items() if name not in ("link", "event", "item")}
    assert [row[4:] for row in links(stage)] == [("ticker and name", "high")]
    effect = cut(stage, QUILL, RENAMED)
    assert links(stage) == []
    assert kinds(stage) >= {("EXITED", "QLN"), ("INITIATED", "QLN")}
    assert any("IDENTIFIER_CHANGE" in sentence for sentence in effect.gone)
    load(stage, plot([], [], [], [], [RENAMED])[4:])
    assert links(stage) == []
    rebuild(stage, {"lantern": LANTERN}, progress=lambda text, count: None)
    assert links(stage) == []
    again = link(stage, QUILL, RENAMED)
    assert [row[3:] for row in links(stage)] == [("IDENTIFIER_CHANGE", "operator", "operator")]
    assert any("EXITED" in sentence for sentence in again.gone)
    assert len(derived(stage)["spell"]) == len(before["spell"])


def test_a_word_about_one_fund_leaves_the_others_alone(lite: Engine) -> None:
    load(lite, [*MOVE, *plot([QUILL], [QUILL], [RENAMED], fund="LANB")])
    cut(lite, QUILL, RENAMED, "LANB")
    assert [row[0] for row in links(lite)] == ["LANA"]
    cut(lite, QUILL, RENAMED)
    assert links(lite) == []


def test_a_link_that_a_rule_made_can_be_confirmed(lite: Engine) -> None:
    load(lite, MOVE)
    link(lite, QUILL, RENAMED)
    assert [row[4:] for row in links(lite)] == [("operator", "operator")]


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (lambda e: link(e, ROWAN, ROWAN), "are one identity"),
        (lambda e: link(e, SORREL, ROWAN), "Nothing would change"),
        (lambda e: link(e, ROWAN, SORREL, "LANB"), "No fund LANB has listed both"),
        (lambda e: link(e, ROWAN, SORREL, None, session(3)), "It is listed in LANA since"),
        (lambda e: link(e, ROWAN, QUILL), "No security"),
        (lambda e: cut(e, ROWAN, SORREL), "No link leads from"),
    ],
)
def test_a_word_that_changes_nothing_is_refused_and_not_kept(
    lite: Engine, say: Callable[[Engine], Effect], words: str
) -> None:
    load(lite, plot([ROWAN], [ROWAN], [SORREL], [SORREL]))
    load(lite, plot([], [], [], fund="LANB"))
    before = derived(lite)
    with pytest.raises(UsageError, match=words):
        say(lite)
    assert derived(lite) == before
    with lite.connect() as conn:
        assert conn.execute(select(t.operator_link)).all() == []


def test_a_cut_the_wrong_way_round_is_pointed_out(lite: Engine) -> None:
    load(lite, MOVE)
    with pytest.raises(UsageError, match="the other way round"):
        cut(lite, RENAMED, QUILL)


def test_old_days_told_again_alert_nobody_but_take_back_what_was_told(lite: Engine) -> None:
    load(lite, MERGER[:2])
    load(lite, MERGER[2:], alert=True)
    with lite.connect() as conn:
        promised = conn.execute(select(t.delivery.c.item, t.delivery.c.state)).all()
    assert promised
    effect = link(lite, ROWAN, SORREL)
    with lite.connect() as conn:
        states = dict(tuple(row) for row in conn.execute(select(t.delivery.c.id, t.delivery.c.state)).all())
        items = set(conn.execute(select(t.item.c.id)).scalars())
        open_items = set(conn.execute(select(t.delivery.c.item).where(t.delivery.c.state == "pending")).scalars())
    assert effect.deliveries == 0  # nothing had been sent: what was only promised is withdrawn
    assert "withdrawn" in states.values()
    assert len(states) == len(promised)
    assert open_items <= items | {row.item for row in promised}
