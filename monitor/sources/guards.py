"""Takes off what spreadsheets and web pages put around the text of a cell in delimited files.

Three things, each bounded: `="0123"` keeps text as text, `=DOLLAR(1234.5)` dresses a number, `&#38;` stands for a
character. Nothing else that looks like a formula is touched, and nothing is calculated.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

_DOLLAR = re.compile(r"=DOLLAR\( ?(-?\d{1,30}(?:\.\d{1,20})?) ?(?:, ?-?\d{1,2} ?)?\)", re.IGNORECASE)
_GUARD = re.compile(r'="([^"]*)"')
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});")


def unguarded_text(text: str, delimiter: str) -> str:
    """The text of a file whose guarded cells can be split: a guard may hold the delimiter, and so may a formula."""
    if "=" not in text:
        return text
    if "DOLLAR(" in text.upper():
        text = _DOLLAR.sub(r"\1", text)
    if '="' in text:
        text = _cells_guarded(delimiter).sub(r'\1"\2"', text)
    return text


@lru_cache(maxsize=8)
def _cells_guarded(delimiter: str) -> re.Pattern[str]:
    edge = re.escape(delimiter)
    return re.compile(rf'(^|{edge})="([^"\r\n]*)"(?={edge}|\r?$)', re.MULTILINE)


def unguarded_rows(rows: list[list[str]], text: str) -> list[list[str]]:
    """The rows of the file `text` with plain cells; the same rows where nothing is dressed."""
    guarded, coded = '="' in text, _ENTITY.search(text) is not None
    if not guarded and not coded:
        return rows
    return [[plain_cell(cell) for cell in row] for row in rows]


def plain_cell(cell: str) -> str:
    """The text of a cell without its guard, with characters for entities; what would not print stays written out."""
    if found := _GUARD.fullmatch(cell.strip()):
        cell = found[1]
    return _ENTITY.sub(_character, cell) if "&" in cell else cell


def _character(found: re.Match[str]) -> str:
    character = html.unescape(found[0]).replace("\u00a0", " ")
    return character if character and character.isprintable() else found[0]
