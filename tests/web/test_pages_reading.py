"""Today, Item, Security and Fund over the invented story, as a browser without JavaScript reads them."""

from __future__ import annotations

import re
from datetime import date

import pytest
from fastapi.testclient import TestClient

from monitor.web.pages import filters
from tests.cli.look_alike import HOSTILE


def text(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"].startswith("text/html")
    assert "style=" not in answer.text
    assert "<script>" not in answer.text
    return answer.text


def link(page: str, start: str) -> str:
    found = re.search(rf'href="({re.escape(start)}[^"#?]+)"', page)
    assert found, f"no link to {start}"
    return found[1]


def test_today_tells_the_newest_items_and_how_far_we_see(client: TestClient) -> None:
    page = text(client, "/")
    assert "Newest files dated" in page
    assert '<b class="warn">1</b> file in quarantine' in page
    assert 'rel="prev"' in page
    assert "hx-get=" in page


def test_today_of_another_day_kind_and_severity(client: TestClient) -> None:
    page = text(client, "/?day=2022-01-11&kind=EXITED")
    assert "BLOCK INC" in page
    assert "COINBASE" not in page
    assert "No item of this choice" in text(client, "/?day=2022-01-11&kind=SPLIT")
    assert "There is no kind" in text(client, "/?kind=NONE", 400)
    assert "is no date" in text(client, "/?day=tomorrowish", 400)


def test_an_item_shows_files_sums_and_score(client: TestClient) -> None:
    page = text(client, link(text(client, "/?day=2022-01-11&kind=EXITED"), "/item/"))
    assert "BLOCK INC" in page
    assert "together" in page or "ARKF" in page
    for word in ("Before and after", "Evidence", "SHA-256", "Score, term by term", "row ", "holdings-monitor why I"):
        assert word in page
    assert re.search(r"[0-9a-f]{64}", page)


def test_evidence_is_a_part_for_htmx_and_a_page_for_others(client: TestClient) -> None:
    path = link(text(client, "/?day=2022-01-11"), "/item/")
    part = client.get(f"{path}/evidence", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert "As printed" in part
    assert "<html" in text(client, f"{path}/evidence")


def test_an_event_has_a_page_too(client: TestClient) -> None:
    item = text(client, link(text(client, "/?day=2022-01-11&kind=EXITED"), "/item/"))
    event = re.search(r"\bE[0-9A-F]{14}\b", item)
    assert event
    assert "told as" in text(client, f"/item/{event[0]}")


def test_a_security_is_found_by_ticker_and_shown_by_its_id(client: TestClient) -> None:
    first = client.get("/security/COIN", follow_redirects=False)
    assert first.status_code == 307
    page = text(client, first.headers["location"])
    for word in ("COINBASE GLOBAL INC", "When funds held it", "Spells", "ARKF", "ARKW", "Names and identifiers"):
        assert word in page
    chart = client.get(f"{first.headers['location']}/positions.json").json()
    assert {one["fund"] for one in chart["funds"]} == {"ARKF", "ARKW"}
    assert all(len(one["shares"]) == len(chart["days"]) for one in chart["funds"])


def test_a_former_position_is_not_held_now(client: TestClient) -> None:
    page = text(client, "/security/SQ")
    assert "No fund’s latest file lists it" in page
    assert "2022-01-10" in page  # the last file that lists it


def test_names_that_do_not_exist_are_answered_with_what_may_be_meant(client: TestClient) -> None:
    assert "Did you mean" in text(client, "/security/TSLAA", 404)
    assert "Did you mean ARK" in text(client, "/fund/ark/ARKG", 404)
    assert "An id looks like" in text(client, "/item/nonsense", 404)
    assert "There is nothing called" in text(client, "/item/I0000000000000A", 404)


def test_a_fund_on_a_day_and_its_difference_to_another(client: TestClient) -> None:
    page = text(client, "/fund/ark/ARKF?on=2022-01-10&against=2022-01-04")
    assert "File dated" in page
    assert "BLOCK INC" in page
    assert "Difference to 2022-01-04" in page
    assert "COINBASE GLOBAL INC" in page
    assert "v_holdings" in page
    assert "/api/v1/holdings.csv?fund=ark%2FARKF&amp;on=2022-01-10" in page
    assert "no files of ARKF before" in text(client, "/fund/ark/ARKF?on=2020-01-01", 400)


def test_a_fund_shows_each_session_of_its_years(client: TestClient) -> None:
    page = text(client, "/fund/ark/ARKF")
    assert "2022: files of 8 of 9 sessions" in page
    assert "2021: files of 1 of 1 sessions" in page  # of the file dated 2022-01-03
    assert 'class="c-held"' in page


def test_the_list_of_funds(client: TestClient) -> None:
    page = text(client, "/funds")
    assert "/fund/ark/ARKF" in page
    assert "/fund/ark/ARKW" in page


def test_hostile_names_are_text(client: TestClient) -> None:
    page = text(client, "/fund/ark/ARKF")
    assert HOSTILE not in page  # its quotes are escaped
    assert "=HYPERLINK(&#34;http://example.org&#34;)" in page


def test_the_theme_comes_from_a_cookie(client: TestClient) -> None:
    assert "data-theme" not in client.get("/funds").text.split("<body>")[0]
    client.cookies.set("theme", "dark")
    assert 'data-theme="dark"' in client.get("/funds").text
    client.cookies.set("theme", '"><script>')
    assert "data-theme" not in client.get("/funds").text.split("<body>")[0]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (filters.quantity("1234.5"), "1,234.5"),
        (filters.quantity(None), "–"),
        (filters.quantity(-5, signed=True), "−5"),
        (filters.money(16_301_220), "$16.3M"),
        (filters.amount("-1234.6"), "−1,235"),
        (filters.percent("0.001"), "<0.01"),
        (filters.percent("-0.001", signed=True), ">−0.01"),
        (filters.percent(7.135, signed=True), "+7.14"),
        (filters.percent(0), "0.00"),
        (filters.day(date(2021, 9, 3)), '<time datetime="2021-09-03">2021-09-03</time>'),
        (filters.interval({"from": None, "to": None}), "–"),
        (filters.name("<b>\u202ex"), '<bdi title="&lt;b&gt;x">&lt;b&gt;x</bdi>'),
        (filters.bare("<b>\u202ex\x9b\ny"), "<b>x y"),
        (filters.bare(None), ""),
        (filters.sql_text("O'Neil"), "'O''Neil'"),
    ],
)
def test_values_stand_as_people_read_them(shown: object, expected: str) -> None:
    assert str(shown) == expected


def test_a_title_is_text_without_elements(client: TestClient) -> None:
    page = client.get("/search", params={"q": "<i>gnp"}).text
    assert "<title>Search: &lt;i&gt;gnp · holdings-monitor</title>" in page


def test_a_long_name_is_cut_and_ids_in_errors_are_links() -> None:
    assert len(str(filters.name("LONG " * 900))) < 500
    assert '<a href="/security/S0123456789">S0123456789</a>' not in str(filters.linked("S012345678 <b>"))
    assert '<a href="/security/S0123456789">' not in str(filters.linked("<S>"))
    assert str(filters.linked("see S0123456789")) == 'see <a href="/security/S0123456789">S0123456789</a>'
    assert "&lt;b&gt;" in str(filters.linked("<b>"))
