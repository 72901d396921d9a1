"""The part of a source's TOML that says where and how a JSON or XML document lists holdings.

It opens no files; faults are collected in the table.
"""

from __future__ import annotations

from monitor.sources.forms import Document
from monitor.sources.paths import is_path
from monitor.sources.toml_table import Table


def paths(top: Table) -> tuple[str, ...]:
    """Where the lists of holdings stand in a document."""
    found = top.texts("tables")
    for path in found:
        if path and not is_path(path):
            top.fault("tables", f"{path!r} is no path: write names with dots between them, * or ** for any")
    return found


def document(top: Table) -> Document:
    """How a JSON or XML document lists holdings, besides where."""
    table = top.table("document")
    made = Document(
        join=table.flag("join", False),
        names=table.text("names", ""),
        blanks=table.texts("blanks"),
        may_be_empty=table.flag("may_be_empty", False),
        lots=table.flag("lots", False),
        thousands_until=table.day("thousands_until"),
    )
    if made.names and not is_path(made.names):
        table.fault("names", f"{made.names!r} is no path")
    table.done()
    return made
