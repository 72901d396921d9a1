"""Each look-alike file is read as the JSON beside it says. A missing expectation is written, then fails."""

import dataclasses
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.core.errors import ParseError
from monitor.core.model import HoldingsFile
from monitor.sources import registry
from monitor.sources.forms import Shape
from monitor.sources.loading import parse_sources
from monitor.sources.read import fund_of, read_files, revision_hint
from monitor.sources.spec import Source
from monitor.sources.tables import HEADER_WITHIN, column_name, find_header, tables_of

FILES = Path(__file__).parent / "files"
ISSUERS = Path(registry.__file__).parent / "issuers"
TOMLS = sorted(ISSUERS.glob("*.toml"))
# `a.csv` and `b.json` are samples; `a.csv.json` and `b.json.json` say what is read in them.
SAMPLES = sorted(p for p in FILES.glob("*/*") if p.suffix != ".json" or not Path(p.stem).suffix)


def _plain(value: object) -> object:
    if isinstance(value, Decimal | date):
        return str(value)
    raise TypeError(value)


def _outcome(path: Path) -> object:
    source = registry.get(path.parent.name)
    try:
        files = read_files(source, path.read_bytes(), name=path.name)
    except ParseError as error:
        return {"refused": error.code, "because": str(error), "row": error.row, "column": error.column}
    said = [_of_fund(source, file, path.name) for file in files]
    return json.loads(json.dumps(said if len(said) > 1 else said[0], default=_plain))


def _of_fund(source: Source, file: HoldingsFile, name: str) -> dict[str, object]:
    said = _said(file)
    assert isinstance(said, dict)
    return said | {"fund_of": fund_of(source, file, name), "revision": revision_hint(name)}


def _said(value: object) -> object:
    """A value as JSON can hold it, without the fields that are as they are when nothing is printed."""
    if isinstance(value, tuple):
        return [_said(one) for one in value]
    if not dataclasses.is_dataclass(value):
        return value
    fields = [(field, getattr(value, field.name)) for field in dataclasses.fields(value)]
    return {field.name: _said(content) for field, content in fields if field.compare and content != field.default}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_file_is_read_as_expected(path: Path) -> None:
    expected = path.with_name(path.name + ".json")
    outcome = _outcome(path)
    if not expected.exists():
        expected.write_text(json.dumps(outcome, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        pytest.fail(f"wrote {expected.name}: read it and commit it")
    assert outcome == json.loads(expected.read_text(encoding="utf-8"))


def _brands(toml: Path) -> list[Source]:
    found, faults = parse_sources(toml.read_text(encoding="utf-8"), toml.name)
    assert not faults
    return found


def _seen(source: Source, samples: Path) -> set[tuple[Shape, tuple[str, ...]]]:
    """The rows that may be headers in the look-alike files of a source, as formats write them."""
    seen = set()
    for path in [path for path in SAMPLES if path.parent == samples / source.id]:
        try:
            tables = tables_of(path.read_bytes(), source)
        except ParseError:  # a sample of what is refused
            continue
        for row in [row for rows in tables.rows for row in rows[:HEADER_WITHIN]]:
            seen.add((tables.shape, tuple(column_name(cell, source) for cell in row)))
    return seen


def _lacking(brands: list[Source], samples: Path) -> list[tuple[str, tuple[str, ...]]]:
    """The formats without a look-alike file; brands of one file share theirs, and each source needs one to share."""
    seen = set().union(*(_seen(source, samples) for source in brands))
    return [(one.id, form.columns) for one in brands for form in one.formats if (form.shape, form.columns) not in seen]


@pytest.mark.parametrize("toml", TOMLS, ids=lambda toml: toml.stem)
def test_every_format_of_a_source_has_a_sample(toml: Path) -> None:
    assert not _lacking(_brands(toml), FILES), "put a look-alike file for each under tests/sources/files/<id>/"


def test_a_source_or_a_brand_without_a_sample_is_refused(tmp_path: Path) -> None:
    brands = _brands(ISSUERS / "filepoint.toml")
    assert {source_id for source_id, _ in _lacking(brands, tmp_path)} == {one.id for one in brands}
    alone = [one for one in brands if one.id == "themes"]  # its own columns, and nobody else's file to share
    assert ("themes", alone[0].formats[1].columns) in _lacking(alone, FILES)
    (ark,) = _brands(ISSUERS / "ark.toml")
    assert len(_lacking([ark], tmp_path)) == len(ark.formats)


def test_every_sample_is_of_a_source() -> None:
    assert {path.parent.name for path in SAMPLES} <= set(registry.load())


def test_every_expectation_has_its_file() -> None:
    assert {path.name for path in FILES.glob("*/*.*.json")} == {f"{path.name}.json" for path in SAMPLES}


def test_header_of_a_sample_is_found_in_its_first_row() -> None:
    source = registry.get("ark")
    (rows,) = tables_of((FILES / "ark" / "ARKF_2022-05-27.csv").read_bytes(), source).rows
    header = find_header(rows, source)
    assert header.row == 1
    assert header.known in source.formats
