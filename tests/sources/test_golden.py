"""Each look-alike file is read as the JSON beside it says. A missing expectation is written, then fails."""

import dataclasses
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.core.errors import ParseError
from monitor.sources import registry
from monitor.sources.read import fund_of, read_file, revision_hint
from monitor.sources.tables import find_header, rows_of

FILES = Path(__file__).parent / "files"
SAMPLES = sorted(path for path in FILES.glob("*/*") if path.suffix != ".json")


def _plain(value: object) -> object:
    if isinstance(value, Decimal | date):
        return str(value)
    raise TypeError(value)


def _outcome(path: Path) -> object:
    source = registry.get(path.parent.name)
    try:
        file = read_file(source, path.read_bytes())
    except ParseError as error:
        return {"refused": error.code, "because": str(error), "row": error.row, "column": error.column}
    said = {"fund_of": fund_of(source, file, path.name), "revision": revision_hint(path.name)}
    return json.loads(json.dumps(said | dataclasses.asdict(file), default=_plain))


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
    for path in (FILES / source_id).glob("*.csv"):
        first = rows_of(path.read_text(encoding="utf-8"), source)[0]
        seen.add(tuple(cell.strip().casefold() for cell in first))
    lacking = [form.columns for form in source.formats if form.columns not in seen]
    assert not lacking, f"put a look-alike file for each under tests/sources/files/{source_id}/"


def test_every_expectation_has_its_file() -> None:
    assert {path.name for path in FILES.glob("*/*.json")} == {f"{path.name}.json" for path in SAMPLES}


def test_header_of_a_sample_is_found_in_its_first_row() -> None:
    source = registry.get("ark")
    rows = rows_of((FILES / "ark" / "ARKF_2022-05-27.csv").read_text(encoding="utf-8"), source)
    header = find_header(rows, source)
    assert header.row == 1
    assert header.known in source.formats
