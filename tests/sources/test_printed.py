"""Rows as they are printed, for showing what a line rests on."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.core.errors import ParseError
from monitor.sources import registry
from monitor.sources.printed import printed
from monitor.sources.read import read_file

FILES = Path(__file__).parent / "files" / "ark"
ARK = registry.get("ark")


@pytest.mark.parametrize("name", ["ARKF_2022-05-27.csv", "ARKX_odd-rows.csv", "ARKK_2021-02-08.csv"])
def test_every_line_that_is_read_is_found_as_it_was_printed(name: str) -> None:
    body = (FILES / name).read_bytes()
    table = printed(ARK, body)
    for line in read_file(ARK, body).lines:
        cells = table.rows[line.row]
        assert line.name in cells["company"].replace("\n", " ")
        assert line.identifier == cells["cusip"].strip()


def test_what_cannot_be_read_is_not_shown() -> None:
    with pytest.raises(ParseError):
        printed(ARK, b"<html></html>")
