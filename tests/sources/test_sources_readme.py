"""What `monitor/sources/README.md` says of a source is true: its example reads its file, and no key is left out."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from monitor.core.identity import positions_of
from monitor.sources import registry
from monitor.sources.forms import Column, DateFormat
from monitor.sources.loading import parse_source, parse_sources
from monitor.sources.read import read_file

FOLDER = Path(registry.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")
EXAMPLE, BRAND = re.findall(r"```toml\n(.*?)```", README, flags=re.S)
(FILE,) = re.findall(r"```csv\n(.*?)```", README, flags=re.S)
ASKED = re.compile(
    r'(?:top|table|one)\.(?:text|texts|flag|choice|number|day|clock|clocks|pattern|table|tables)\(\s*"([a-z_]+)"'
    r'|_(?:seconds|small|pairs|statuses|days)\(table, "([a-z_]+)"|"([a-z_]+)" in (?:top|table)\.values'
)


def test_the_example_reads_the_file_beside_it() -> None:
    source, faults = parse_source(EXAMPLE, "lark.toml")
    assert source is not None, faults
    file = read_file(source, FILE.encode())
    assert (file.fund, file.as_of, file.unread, file.warnings) == ("LRKX", date(2026, 3, 2), (), ())
    kinds = [(one.asset_class.value, one.key) for one in positions_of("LRKX", file.lines)]
    assert kinds == [("cash", "cash:US DOLLAR"), ("equity", "cusip:33333B302")]
    assert not source.watched()


def test_the_brand_of_the_readme_can_be_added() -> None:
    text = f'{EXAMPLE}\n[other_funds]\npattern = "[A-Z]{{4}}"\nkind = "active"\n{BRAND}'
    found, faults = parse_sources(text, "lark.toml")
    assert faults == []
    assert [one.id for one in found] == ["wren"]
    assert found[0].fund("ABCD").urls[0].url == "https://wren.example/data/abcd.csv"


def test_every_key_of_a_source_is_explained() -> None:
    asked = {
        key
        for path in FOLDER.glob("loading*.py")
        for found in ASKED.findall(path.read_text(encoding="utf-8"))
        for key in found
        if key
    }
    assert len(asked) > 80
    words = set(re.findall(r"[a-z_]+", README))
    halves = {f"{half}timeout_seconds" for half in ("connect_", "read_", "total_")}
    assert asked - words <= halves


def test_every_column_and_every_form_of_a_date_is_named() -> None:
    words = set(re.findall(r"[a-z_]+", README))
    assert {column.value for column in Column} <= words
    assert not [form.value for form in DateFormat if f"`{form.value}`" not in README]
