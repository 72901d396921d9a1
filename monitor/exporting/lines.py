"""CSV, JSON and JSON lines: text, a row at a time."""

from __future__ import annotations

import csv
from pathlib import Path

from monitor.asking.plain import csv_cell, json_line, plain
from monitor.exporting.table import Table


def write_csv(path: Path, table: Table) -> int:
    """The number of rows; text that a spreadsheet would take for a formula gets a quote in front."""
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(one.name for one in table.fields)
        for batch in table.batches(()):
            writer.writerows([csv_cell(plain(value)) for value in row] for row in batch)
            count += len(batch)
    return count


def write_json(path: Path, table: Table) -> int:
    """The number of rows, objects of one array."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for batch in table.records():
            for row in batch:
                file.write(("[\n" if count == 0 else ",\n") + json_line(row))
                count += 1
        file.write("\n]\n" if count else "[]\n")
    return count


def write_json_lines(path: Path, table: Table) -> int:
    """The number of rows, an object on each line."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for batch in table.records():
            file.writelines(json_line(row) + "\n" for row in batch)
            count += len(batch)
    return count
