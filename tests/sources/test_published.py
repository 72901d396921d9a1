"""Real published files, where they are at hand: every one is read, or refused for the right reason."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from monitor.core.errors import ParseError
from monitor.sources import registry
from monitor.sources.read import fund_of, read_file

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "ark"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the published files (../shared/data/ark) are not here")
ARK = registry.get("ark")


def _index() -> list[dict[str, str]]:
    with (DATA / "index.csv").open(newline="", encoding="utf-8") as stream:
        return [row for row in csv.DictReader(stream) if (DATA / row["path"]).exists()]


def test_every_published_file_is_read_or_lacks_shares() -> None:
    outcomes: Counter[str] = Counter()
    wrong = []
    for row in _index():
        body = (DATA / row["path"]).read_bytes()
        try:
            file = read_file(ARK, body, expected_fund=row["fund"])
        except ParseError as error:
            outcomes[f"{error.code} {row['columns']}"] += 1
            continue
        outcomes["read"] += 1
        said = (fund_of(ARK, file), file.as_of.isoformat(), len(file.lines))
        if said != (row["fund"], row["holdings_date"], int(row["rows"])) or file.unread or file.warnings:
            wrong.append((row["path"], said, file.unread, file.warnings))
    assert not wrong
    assert outcomes["read"] > 4000
    assert set(outcomes) == {"read", "columns 7"}


CODES = {"html": "html", "txt": "error-page", "csv": "rows"}


@pytest.mark.parametrize("path", sorted(DATA.glob("bad/2*")), ids=lambda path: path.name)
def test_every_bad_file_is_refused(path: Path) -> None:
    with pytest.raises(ParseError) as caught:
        read_file(ARK, path.read_bytes())
    assert caught.value.code == CODES[path.suffix[1:]]


def test_a_file_with_two_dates_keeps_both() -> None:
    files = [row for row in _index() if row["dates_in_file"]]
    for row in files:
        file = read_file(ARK, (DATA / row["path"]).read_bytes())
        assert len(file.dates) == len(row["dates_in_file"].split(";"))
    if not files:
        pytest.skip("no such file among those at hand")
