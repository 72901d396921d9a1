"""Each look-alike file is read as the JSON beside it says. A missing expectation is written, then fails."""

import dataclasses
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.core.errors import ParseError
from monitor.sources import registry
from monitor.sources.cells import normalise
from monitor.sources.read import fund_of, read_file, revision_hint
from monitor.sources.tables import HEADER_WITHIN, find_header, tables_of

FILES = Path(__file__).parent / "files"
# `a.csv` and `b.json` are samples; `a.csv.json` and `b.json.json` say what is read in them.
SAMPLES = sorted(p for p in FILES.glob("*/*") if p.suffix != ".json" or not Path(p.stem).suffix)


def _plain(value: object) -> object:
    if isinstance(value, Decimal | date):
        return str(value)
    raise TypeError(value)


def _outcome(path: Path) -> object:
    source = registry.get(path.parent.name)
    try:
        file = read_file(source, path.read_bytes(), name=path.name)
    except ParseError as error:
        return {"refused": error.code, "because": str(error), "row": error.row, "column": error.column}
    said = _said(file)
    assert isinstance(said, dict)
    said |= {"fund_of": fund_of(source, file, path.name), "revision": revision_hint(path.name)}
    return json.loads(json.dumps(said, default=_plain))


def _said(value: object) -> object:
    """A value as JSON can hold it, without the fields that are as they are when nothing is printed."""
    if isinstance(value, tuple):
        return [_said(one) for one in value]
    if not dataclasses.is_dataclass(value):
        return value
    fields = [(field, getattr(value, field.name)) for field in dataclasses.fields(value)]
    return {field.name: _said(content) for field, content in fields if content != field.default}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_file_is_read_as_expected(path: Path) -> None:
    expected = path.with_name(path.name + ".json")
    outcome = _outcome(path)
    if not expected.exists():
        expected.write_text(json.dumps(outcome, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        pytest.fail(f"wrote {expected.name}: read it and commit it")
    assert outcome == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("source_id", sorted(registry.load()))
def test_every_format_of_a_source_has_a_sample(source_id: str) -> None:
    source = registry.get(source_id)
    seen = set()
    for path in SAMPLES:
        if path.parent.name == source_id:
            tables = tables_of(path.read_bytes(), source)
            for row in [row for rows in tables.rows for row in rows[:HEADER_WITHIN]]:
                seen.add((tables.shape, tuple(map(normalise, row))))
    lacking = [form.columns for form in source.formats if (form.shape, form.columns) not in seen]
    assert not lacking, f"put a look-alike file for each under tests/sources/files/{source_id}/"


def test_every_expectation_has_its_file() -> None:
    assert {path.name for path in FILES.glob("*/*.*.json")} == {f"{path.name}.json" for path in SAMPLES}


def test_header_of_a_sample_is_found_in_its_first_row() -> None:
    source = registry.get("ark")
    (rows,) = tables_of((FILES / "ark" / "ARKF_2022-05-27.csv").read_bytes(), source).rows
    header = find_header(rows, source)
    assert header.row == 1
    assert header.known in source.formats
