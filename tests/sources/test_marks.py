"""Decimal marks: numbers that read in one way only say how the others are meant."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from monitor.sources import registry
from monitor.sources.cells import decimal_mark
from monitor.sources.marks import as_printed
from monitor.sources.read import read_file

GERMAN, AMERICAN = registry.get("ishares-de"), registry.get("ishares-us")


@pytest.mark.parametrize(
    ("cell", "mark"),
    [
        ("1.234.567,89", ","),
        ("-1.234,5", ","),
        ("1,234.50", "."),
        ("$1,234,567.8", "."),
        ("1'234.50", "."),
        ("1’234’567.50", "."),
        ("1.234", ""),
        ("1,234", ""),
        ("1.234.567", ""),
        ("12,5", ""),
        ("1,23.456", ""),
        ("-", ""),
    ],
)
def test_a_number_with_both_signs_says_which_is_the_decimal_mark(cell: str, mark: str) -> None:
    assert decimal_mark(cell) == mark


@pytest.mark.parametrize(("cell", "comma"), [("1.234,50", True), ("1,234.50", False), ("1'234.50", False), ("1", True)])
def test_the_first_clear_number_decides_where_a_source_may_have_decimal_commas(cell: str, comma: bool) -> None:
    usual = replace(GERMAN.units, decimal_comma=True)
    assert as_printed(usual, GERMAN, [["EXA", "7"], ["EXB", cell]], [1]).decimal_comma is comma


def test_elsewhere_a_comma_never_becomes_a_point() -> None:
    assert not as_printed(AMERICAN.units, AMERICAN, [["1.234,50"]], [0]).decimal_comma


def test_german_headers_with_american_numbers_are_read_as_printed() -> None:
    header = (
        "Emittententicker,Name,Sektor,Anlageklasse,Marktwert,Gewichtung (%),"
        "Nominalwert,Nominale,Kurs,Standort,Börse,Marktwährung"
    )
    row = '"EXA","EXAMPLE AG","IT","Aktien","1,234.50","1.25","1,234.50","1,000.00","1.23","Deutschland","Xetra","EUR"'
    file = read_file(GERMAN, f'Fondsposition per,"20.Jan.2026"\n{header}\n{row}\n'.encode(), name="EXA_holdings.csv")
    assert [(line.shares, line.value, line.weight) for line in file.lines] == [
        (Decimal("1000.00"), Decimal("1234.50"), Decimal("1.25"))
    ]
