"""The part of a source's TOML that says where in a page the holdings are, and what else belongs to them.

It opens no files; faults are collected in the table.
"""

from __future__ import annotations

import re

from monitor.core.model import AssetClass
from monitor.sources.cells import normalise
from monitor.sources.forms import Column, Section
from monitor.sources.page_forms import Embedded, Page, Within
from monitor.sources.toml_table import Table

NAME = r"[^\s<>\"']{1,100}"  # of an element, a class or a variable


def html_page(top: Table) -> Page:
    """`[html]`: which table, or which elements."""
    table = top.table("html")
    made = Page(
        *(table.text(key, "", pattern=NAME, wanted="an id or a class") for key in ("table", "row", "cell", "title"))
    )
    if (made.row or made.title) and not made.cell:
        table.fault("cell", "is missing; wanted the class of the cells")
    table.done()
    return made


def embedded(top: Table) -> Embedded | None:
    """`[embedded]`: where in a page its data is; None when the files are no such pages."""
    if "embedded" not in top.values:
        return None
    table = top.table("embedded")
    said = [within for within in Within if within.value in table.values]
    within = said[0] if said else Within.SCRIPT
    if len(said) != 1:
        table.fault("", f"wanted one of {', '.join(within.value for within in Within)}")
    name, link = "", None
    if within is Within.LINK:
        link = table.pattern(within.value)
    elif within is Within.STREAM:
        table.flag(within.value, True)
    else:
        name = table.text(within.value, pattern=NAME, wanted="an id, a type or the name of a variable")
    made = Embedded(within, name, link, table.text("key", "", pattern=NAME, wanted="the name of a field"))
    table.done()
    return made


def sections(top: Table) -> tuple[Section, ...]:
    """`[[sections]]`: lines with a header of their own."""
    return tuple(_section(table) for table in top.tables("sections"))


def _section(table: Table) -> Section:
    named = table.table("columns")
    known = {column.value: column for column in Column}
    columns = {known[key]: tuple(map(normalise, named.texts(key, None))) for key in named.values if key in known}
    named.done()
    if not columns:
        table.fault("columns", "is missing; wanted the names of this section's columns")
    stated = table.choice("class", AssetClass) if "class" in table.values else None
    required = tuple(column for column in columns if column.value in table.texts("required"))
    if len(required) < len(table.texts("required")):
        table.fault("required", "names columns that this section does not have")
    made = Section(columns, table.text("name", ""), stated, required)
    table.done()
    return made


def totals(top: Table) -> tuple[str, ...]:
    """How rows of sums begin."""
    return tuple(map(normalise, top.texts("totals")))


def name_pattern(top: Table) -> re.Pattern[str] | None:
    """What a printed name is made of."""
    if "name_pattern" not in top.values:
        return None
    made = top.pattern("name_pattern")
    allowed = (Column.NAME, Column.TICKER, Column.IDENTIFIER, Column.ISIN)
    if not made.groupindex or not set(made.groupindex) <= {column.value for column in allowed}:
        top.fault("name_pattern", f"wanted groups of the names {', '.join(allowed)}, as in (?P<name>.+) (?P<ticker>.+)")
        return None
    return made
