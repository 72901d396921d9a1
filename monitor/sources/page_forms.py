"""How web pages hold their holdings, as frozen values: tables, grids without tables, data inside scripts and links.

Nothing here reads a page; `loading_pages` makes these values from TOML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Page:
    """Where in a web page the holdings are.

    `table` is the id or a class of the table; "": any table with the right columns. Where cells are no table, `cell` is
    the class of a cell's text, `title` that of the column name printed beside each cell, `row` that of what holds one
    holding; without titles the first row names the columns.
    """

    table: str = ""
    row: str = ""
    cell: str = ""
    title: str = ""


class Within(StrEnum):
    """What in a page holds the data of `[embedded]`."""

    SCRIPT = "script"  # the text of a script element, by its id or type
    VARIABLE = "variable"  # an object or list a script assigns to a name, or passes to a function of that name
    STREAM = "next_stream"  # the pieces that pages of one framework push while they load
    LINK = "data_uri"  # a link whose address is the file itself; its name for the file is told, too


@dataclass(frozen=True, slots=True)
class Embedded:
    """Where in a page its data is. `name` is the id or type of a script, or the name of a variable; `link` what the
    offered name of a file looks like. With `key`, the object that has this key is meant, wherever in the data it is."""

    within: Within
    name: str = ""
    link: re.Pattern[str] | None = None
    key: str = ""
