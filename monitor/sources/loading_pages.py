"""The part of a source's TOML that says where in a web page the holdings are.

It opens no files; faults are collected in the table.
"""

from __future__ import annotations

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
