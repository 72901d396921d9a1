"""Pages of a view of many rows: together they are the whole, whatever is asked for, on both databases."""

from __future__ import annotations

import pytest

from monitor.store.engine import Engine, reading
from monitor.store.viewing import view_page
from monitor.store.views import HOLDINGS
from tests.asking.test_records import story
from tests.scenarios.stories import session


@pytest.mark.parametrize(
    "equal",
    [
        {},
        {"fund": "LANB"},
        {"issuer": "lantern", "as_of": str(session(2))},
        {"fund": "LANA", "as_of": str(session(1))},
        {"fund": "LANA", "ticker": "QLNX"},
    ],
)
def test_pages_of_holdings_make_up_the_whole(stage: Engine, equal: dict[str, str]) -> None:
    story(stage)
    names = [one.name for one in HOLDINGS.columns]
    with reading(stage) as conn:
        everything, more = view_page(conn, HOLDINGS, {}, 1_000, 0)
        assert not more
        wanted = [row for row in everything if all(str(row[names.index(key)]) == equal[key] for key in equal)]
        pages = [view_page(conn, HOLDINGS, equal, 3, start) for start in range(0, len(wanted) + 3, 3)]
    assert wanted
    assert [row for rows, _ in pages for row in rows] == wanted
    assert [more for _, more in pages] == [start + 3 < len(wanted) for start in range(0, len(wanted) + 3, 3)]


@pytest.mark.parametrize("equal", [{"as_of": "x"}, {"as_of": ""}, {"fund": "NONE"}, {"issuer": ""}])
def test_no_holding_has_what_cannot_be(stage: Engine, equal: dict[str, str]) -> None:
    story(stage)
    with reading(stage) as conn:
        assert view_page(conn, HOLDINGS, equal, 10, 0) == ([], False)
