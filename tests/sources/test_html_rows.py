"""The tables of web pages, what stands around them, and pages that are no tables or ask for too much."""

import dataclasses
from decimal import Decimal

import pytest

from monitor.core.errors import ParseError
from monitor.sources import registry
from monitor.sources.forms import Column, DateFormat, Format, Head, Shape
from monitor.sources.html_rows import DEPTH, ELEMENTS, PageRows, looks_like_page, page_rows
from monitor.sources.page_forms import Page
from monitor.sources.read import read_file
from monitor.sources.spec import Source

HEAD = "<!DOCTYPE html><html><head><title>Our Fund</title></head><body>"
TABLE = (
    "<table id=t class='plain wide'><tr><td>Name<td>Ticker<td>Shares<td>Weight</tr>"
    "<tr><td>Acorn &amp; Sons<td>ACRN<td>1,200<td>60.5%</tr><tr><td>Birch<br>Ltd<td>BRCH<td>800<td>39.5%</tr></table>"
)


def rows(text: str, page: Page | None = None, most: int = 100) -> PageRows:
    return page_rows(text, page or Page(), most)


def source() -> Source:
    given = registry.get("ezmoney")
    columns = {
        Column.NAME: ("name",),
        Column.TICKER: ("ticker",),
        Column.SHARES: ("shares",),
        Column.WEIGHT: ("weight",),
    }
    units = dataclasses.replace(given.units, date_format=DateFormat.MDY)
    form = Format(("name", "ticker", "shares", "weight"), units, (Column.NAME, Column.SHARES), Shape.HTML)
    return dataclasses.replace(
        given,
        shape=Shape.HTML,
        columns=columns,
        required=(Column.NAME, Column.SHARES),
        formats=(form,),
        units=units,
        head=Head({Column.DATE: ("data as of",), Column.NET_ASSETS: ("net assets",)}, DateFormat.MDY),
    )


def test_cells_are_text_with_entities_breaks_and_missing_end_tags() -> None:
    (table,) = rows(HEAD + TABLE).tables
    assert table == [
        ["Name", "Ticker", "Shares", "Weight"],
        ["Acorn & Sons", "ACRN", "1,200", "60.5%"],
        ["Birch Ltd", "BRCH", "800", "39.5%"],
    ]


def test_a_cell_over_columns_stands_first_and_one_over_rows_in_each() -> None:
    text = (
        "<table><tr><th rowspan=2>Name<th colspan=2>Weight</tr><tr><th>%<th>USD</tr>"
        "<tr><td rowspan=2>Acorn<td>1<td>2</tr><tr><td>3<td>4</tr><tr><td colspan=2>Total<td>6</tr></table>"
    )
    assert rows(text).tables == (
        [["Name", "Weight", ""], ["Name", "%", "USD"], ["Acorn", "1", "2"], ["Acorn", "3", "4"], ["Total", "", "6"]],
    )


def test_what_nobody_sees_is_left_out_but_hidden_columns_stay() -> None:
    seen = "<table><tr><th>A<th>B</tr><tr><td>1<span style='display:none'>001</span><td hidden>x<td>2</tr></table>"
    assert rows(seen).tables[0][1] == ["1", "2"]
    column = "<table><tr><th>A<th style='display: none'>B</tr><tr><td>1<td style='display: none'>2</tr></table>"
    assert rows(column).tables[0] == [["A", "B"], ["1", "2"]]


def test_a_table_within_a_table_is_one_of_its_own() -> None:
    text = f"<table><tr><td>Data as of 08/28/2026 {TABLE} after</td></tr></table>"
    outer, inner = rows(text).tables
    assert outer == [["Data as of 08/28/2026 after"]]
    assert inner[1][0] == "Acorn & Sons"


def test_one_table_may_be_chosen_by_id_or_class() -> None:
    text = f"<table class=menu><tr><td>Home</table>{TABLE}"
    assert len(rows(text).tables) == 2
    assert rows(text, Page(table="t")).tables == rows(text, Page(table="wide")).tables == rows(TABLE).tables


def test_texts_fields_and_small_tables_stand_outside() -> None:
    text = (
        "<p>Data <b>as of</b> 08/28/2026</p><div>Net assets</div><div>$1,000</div><script>var Net = 1</script>"
        "<input type=hidden id=PUB_DATE value=2026-08-28>"
        "<select id=fund><option value=A>a<option value=B selected>b</select>"
        f"{TABLE}<table><tr><td>Units<td>500</table>"
    )
    found = rows(text).outside
    assert ["Data as of 08/28/2026", "Net assets", "$1,000", "a", "b"] in found
    assert ["Data", "as of", "08/28/2026", "Net assets", "$1,000", "a", "b"] in found
    assert ["#PUB_DATE", "2026-08-28"] in found
    assert ["#fund", "B"] in found
    assert ["Units", "500"] in found


def test_elements_may_be_cells_with_a_title_beside_each() -> None:
    cell = "<div class='c'><div class='h-title'>{}</div><div class='h-data'>{}</div></div>"
    text = "".join(
        cell.format(*pair) for pair in (("Name", "Acorn"), ("Weight", "1"), ("Name", "Birch"), ("Weight", "2"))
    )
    assert rows(text, Page(cell="h-data", title="h-title")).tables == (
        [["Name", "Weight"], ["Acorn", "1"], ["Birch", "2"]],
    )
    lines = (
        "<ul><li class=r><i class=x>Name</i><i class=x>Weight</i>"
        "<li class=r><i class=x>Acorn<br>Ltd</i><i class=x>1</i></ul>"
    )
    assert rows(lines, Page(row="r", cell="x")).tables == ([["Name", "Weight"], ["Acorn Ltd", "1"]],)


def test_a_page_is_told_from_other_texts() -> None:
    assert looks_like_page("\ufeff \n<!DOCTYPE html><html>")
    assert looks_like_page("<table><tr>")
    assert looks_like_page('<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html xmlns="y">')
    assert not looks_like_page('<?xml version="1.0"?><edgarSubmission>')
    assert not looks_like_page("Name,Weight <table>")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<a>" * (ELEMENTS + 1), "elements"),
        ("<div>" * (DEPTH + 10), "elements"),
        ("<table>" + "<tr><td>x" * 101, "rows"),
        ("<table>" + "<tr>" + "<td>x" * 201, "columns"),
        ("<table>" + "<tr><td colspan=200>x<td colspan=200>x" * 2, "columns"),
    ],
)
def test_a_page_that_asks_for_too_much_is_refused(text: str, words: str) -> None:
    with pytest.raises(ParseError, match=words) as caught:
        rows(text)
    assert caught.value.code == "size"


@pytest.mark.parametrize(
    "text",
    [
        "<",
        "<!--" * 1000,
        "</td></tr></table>" * 100,
        "<table><tr><td rowspan=9999999 colspan=x>",
        "<b><p>" * 100,
        "&#x" * 99,
    ],
)
def test_no_page_breaks_the_reader(text: str) -> None:
    assert isinstance(rows(text), PageRows)


def test_a_page_is_read_as_a_holdings_file() -> None:
    page = f"{HEAD}<h2>Data as of 08/28/2026</h2><p>Net assets: $1,000</p>{TABLE}</body></html>"
    file = read_file(source(), page.encode())
    assert (file.as_of.isoformat(), file.net_assets, len(file.lines)) == ("2026-08-28", Decimal(1000), 2)
    assert not file.warnings


def test_a_page_that_was_cut_short_is_warned_about() -> None:
    page = f"{HEAD}<h2>Data as of 08/28/2026</h2>{TABLE}"
    assert read_file(source(), page.encode()).warnings == (
        "the closing text is missing: the page has no end, it may have been cut short",
    )


@pytest.mark.parametrize(
    ("page", "code", "words"),
    [
        (f"{HEAD}<h1>Page not found</h1></body></html>", "html", "title: Our Fund"),
        (f"{HEAD}<div id=root></div><script>load()</script></body></html>", "html", "title: Our Fund"),
        (f"{HEAD}<table><tr><td>Home<td>News</table></body></html>", "html", "title: Our Fund"),
        (f"{HEAD}Data as of 08/28/2026<table><tr><td>Name<td>Ticker<td>Shares</table></html>", "rows", "header"),
        (f"{HEAD}Data as of 08/28/2026<table><tr><td>Name<td>Ticker<td>Units</table></html>", "columns", "shares"),
        (f"{HEAD}{TABLE}</html>", "as_of", "no as-of date"),
    ],
)
def test_pages_without_holdings_are_refused_with_words(page: str, code: str, words: str) -> None:
    with pytest.raises(ParseError, match=words) as caught:
        read_file(source(), page.encode())
    assert caught.value.code == code


@pytest.mark.parametrize("encoding", ["euc-kr", "big5", "gb2312", "shift_jis"])
def test_a_page_may_say_its_encoding(encoding: str) -> None:
    page = f'<html><meta charset="{encoding}"><p>Data as of 08/28/2026</p>{TABLE.replace("Acorn", "大山")}</html>'
    file = read_file(source(), page.encode(encoding))
    assert file.lines[0].name == "大山 & Sons"
    assert not any("UTF-8" in warning for warning in file.warnings)
