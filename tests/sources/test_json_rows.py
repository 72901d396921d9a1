"""JSON that lists holdings as objects is read like a table; anything else is refused with a word."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.errors import ParseError
from monitor.sources import registry
from monitor.sources.forms import Column, Document, Head
from monitor.sources.json_rows import json_rows
from monitor.sources.read import read_file

KOREA = registry.get("samsungactive")
ROW = {"isin": "US66666E6070", "name": "Tally Street", "ticker": "TLLY", "weight": 7.5, "shares": 12, "is_cash": False}


LABELS = Head({Column.DATE: ("a.day", "a.b"), Column.FUND: ("d.e",)})


def document(*rows: object, **around: object) -> bytes:
    return json.dumps({"date": "2026-03-02", "ticker": "0015B0", **around, "holdings": list(rows)}).encode()


def refusal(body: bytes) -> str:
    with pytest.raises(ParseError) as caught:
        read_file(KOREA, body)
    return caught.value.code


def test_what_stands_around_the_list_says_date_and_fund() -> None:
    file = read_file(KOREA, document(ROW))
    assert (file.fund, file.as_of, file.lines[0].name, file.lines[0].stated) == (
        "0015B0", date(2026, 3, 2), "Tally Street", None
    )  # fmt: skip


def test_numbers_stay_as_printed_and_small_ones_lose_their_exponent() -> None:
    body = document(ROW).replace(b'"shares": 12', b'"shares": 123456789012345678.125').replace(b"7.5", b"2.5e-05")
    (line,) = read_file(KOREA, body).lines
    assert (line.shares, line.weight) == (Decimal("123456789012345678.125"), Decimal("0.000025"))


def test_objects_inside_the_path_and_beside_it_are_labels() -> None:
    text = '{"a": {"day": "2026-03-02", "b": {"c": [{"x": 1, "y": null}, {"y": [2], "z": true}]}, "d": {"e": "f"}}}'
    (rows,) = json_rows(text, replace(KOREA, tables=("a.b.c",), head=LABELS))
    assert rows == [
        ["a.day", "2026-03-02"],
        ["d.e", "f"],
        ["x", "y", "z"],
        ["1", "", ""],
        ["", "", "true"],
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "json"),
        (b"[" * 100_000, "json"),
        (b'{"holdings": [' + b"{" * 5000, "json"),
        (b'{"error": "busy"}', "json"),
        (b'{"holdings": {"a": 1}}', "json"),
        (b'{"holdings": [1, 2]}', "json"),
        (document(), "rows"),
        (document({"a": "b"}), "columns"),
        (document(ROW).replace(b"2026-03-02", b"soon"), "as_of"),
        (document(ROW).replace(b'"date"', b'"when"'), "as_of"),
        (document(ROW | {"shares": "many"}), "numbers"),
        (document(ROW | {"shares": None}), "numbers"),
        (document(*[ROW] * 5001), "size"),
        (document({f"k{n}": n for n in range(300)}), "size"),
        (b'{"a": ' + b"9" * 5_000_000 + b"}", "size"),
        (b"<html>", "html"),
    ],
)
def test_what_lists_no_holdings_is_refused_with_a_word(body: bytes, code: str) -> None:
    assert refusal(body) == code


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ROW, "holdings", ""]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(VALUES, st.integers(0, 200))
def test_any_document_gives_a_file_or_a_refusal(value: object, cut: int) -> None:
    whole = document(ROW, value)
    for body in (json.dumps(value).encode(), whole, whole[:cut], document(ROW, date=value)):
        with suppress(ParseError):
            assert read_file(KOREA, body).lines


def tables(whole: object, /, **differing: object) -> tuple[list[list[str]], ...]:
    return json_rows(json.dumps(whole), replace(KOREA, **{"head": Head(), **differing}))  # type: ignore[arg-type]


def test_all_lists_are_joined_where_the_source_says_so() -> None:
    document = {"stocks": [{"name": "a", "shares": 1}], "cash": [{"name": "b", "amount": 2}], "bonds": []}
    paths = ("stocks", "bonds", "cash", "absent")
    assert tables(document, tables=paths, document=Document(join=True)) == (
        [["(list)", "name", "shares", "amount"], ["stocks", "a", "1", ""], ["cash", "b", "", "2"]],
    )
    assert tables(document, tables=paths) == (
        [["name", "shares"], ["a", "1"]],
        [["name", "amount"], ["b", "2"]],
    )


def test_what_a_group_says_is_a_column_of_its_rows_unless_they_have_their_own() -> None:
    groups = [{"kind": "S", "name": "not this", "rows": [{"name": "a"}]}, {"kind": "F", "rows": [{"name": "b"}]}]
    assert tables({"groups": groups}, tables=("groups.rows",)) == (
        [["groups.kind", "groups.name", "name"], ["S", "not this", "a"], ["F", "", "b"]],
    )
    assert tables([{"name": "x", "rows": [{"name": "a"}]}], tables=("rows",)) == ([["name"], ["a"]],)


def test_rows_that_are_lists_have_their_names_elsewhere_or_are_numbered() -> None:
    document = {"t": [{"cols": [{"n": "name"}, {"n": "shares"}], "rows": [["a", 1], ["b"]]}]}
    named = Document(names="cols.n")
    assert tables(document, tables=("t.rows",), document=named) == ([["name", "shares"], ["a", "1"], ["b", ""]],)
    assert tables(document, tables=("t.rows",)) == ([["1", "2"], ["a", "1"], ["b", ""]],)
    document["t"][0]["rows"] = [["a", 1, 2]]
    for names, words in (("cols.n", "3 values under 2 names"), ("heads.n", "names of the columns are not at")):
        with pytest.raises(ParseError, match=words):
            tables(document, tables=("t.rows",), document=Document(names=names))


def test_an_object_of_lists_is_a_table_of_columns() -> None:
    points = {"asOf": {"value": 20260302}, "name": {"value": ["a", None]}, "shares": {"value": [1.50, 2]}, "x": [1]}
    around = Head({Column.DATE: ("asof.value",)})
    columns = {Column.NAME: ("name.value",), Column.SHARES: ("shares.value",)}
    assert tables({"p": points}, tables=("p",), columns=columns, head=around) == (
        [["asof.value", "20260302"], ["name.value", "shares.value"], ["a", "1.5"], ["", "2"]],
    )
    points["shares"] = {"value": [1]}
    with pytest.raises(ParseError, match=r"columns of different lengths: name.value 2, shares.value 1"):
        tables({"p": points}, tables=("p",), columns=columns)


def test_nested_fields_have_dotted_names_and_typed_values_are_unwrapped() -> None:
    row = {"a": {"b": {"c": 1}}, "d": {"stringValue": "e"}, "f": {"doubleValue": 2.5, "unit": "g"}, "h": [1]}
    assert tables({"holdings": [row]}) == (
        [["a.b.c", "d", "f.doubleValue", "f.unit", "h"], ["1", "e", "2.5", "g", ""]],
    )


def test_of_several_names_of_a_column_the_first_that_says_something_counts() -> None:
    columns = {Column.WEIGHT: ("net", "market"), Column.NAME: ("name",)}
    rows = [{"name": "a", "market": 1, "net": "-"}, {"name": "b", "market": 2, "net": 3}, {"name": "c", "net": "--"}]
    assert tables({"holdings": rows}, columns=columns) == ([["name", "net"], ["a", "1"], ["b", "3"], ["c", "--"]],)


def test_codes_that_mean_none_are_empty() -> None:
    rows = [{"isin": "N/A", "name": "n/a"}, {"isin": "US1", "name": "b"}]
    assert tables({"holdings": rows}, document=Document(blanks=("N/A",))) == (
        [["isin", "name"], ["", ""], ["US1", "b"]],
    )


def test_a_field_that_stands_twice_with_two_values_is_refused() -> None:
    assert refusal(document(ROW).replace(b'"ticker": "TLLY"', b'"ticker": "TLLY", "ticker": "TLLX"')) == "json"
    assert read_file(KOREA, document(ROW).replace(b'"weight": 7.5', b'"weight": 7.5, "weight": 7.5')).lines


def test_the_number_of_holdings_an_issuer_states_is_told() -> None:
    head = Head({**KOREA.head.labels, Column.TOTAL: ("count",)}, KOREA.head.date_format)
    assert read_file(replace(KOREA, head=head), document(ROW, count=105)).stated_lines == 105
    assert read_file(replace(KOREA, head=head), document(ROW, count="many")).stated_lines is None
