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
from monitor.sources.forms import Column, Head
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
