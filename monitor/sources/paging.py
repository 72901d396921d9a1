"""Puts the pages of a JSON list together into one document, which is then the file. Numbers stay as printed.

It asks for pages through the function it is given, and never for more than the source allows.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin, urlsplit

from monitor.core.errors import FetchError
from monitor.sources.addresses import safe_url
from monitor.sources.profile import Paging, Pairs

if TYPE_CHECKING:
    from monitor.sources.exchange import Fetched


class _Number(str):
    """A number as it was printed."""


def with_query(url: str, pairs: Pairs) -> str:
    """`url` with more parameters behind those it has."""
    return url + ("&" if urlsplit(url).query else "?") + urlencode(pairs) if pairs else url


def collected(ask: Callable[[str], Fetched], url: str, paging: Paging, limit: int) -> bytes:
    """All pages as one document: the first one, its list followed by those of the others.

    A single page, or one without the list, is returned as it came. Raises FetchError when a page cannot be had, when
    pages repeat or do not end, when they hold fewer rows than they say, or more than `limit` bytes.
    """
    answer = ask(_page(url, paging, 0, 0))
    first, size, number = _document(answer), len(answer.body), 1
    rows = _rows(first, paging)
    if rows is None or not rows:
        return answer.body
    last, document = rows, first
    while (follows := _following(url, paging, document, number, rows, last)) is not None:
        if number >= paging.most:
            raise FetchError(f"more than {paging.most} pages", url=safe_url(url), retry=False)
        answer = ask(follows)
        document, size, number = _document(answer), size + len(answer.body), number + 1
        if size > limit:
            raise FetchError(f"the pages are longer than {limit} bytes", url=safe_url(url), retry=False)
        found = _rows(document, paging)
        if found is None or found == last:
            words = "repeats the one before" if found is not None else f"has no list at {paging.rows}"
            raise FetchError(f"page {number} {words}", url=answer.url, status=answer.status)
        if not found:
            break
        rows, last = rows + found, found
    _check_total(first, paging, rows, url)
    return answer.body if number == 1 else _written(_with_rows(first, paging.rows.split("."), rows)).encode()


def _page(url: str, paging: Paging, number: int, rows: int) -> str:
    """The address of the page `number` (from 0), after so many rows."""
    if not paging.start:
        return url
    start = paging.first + (number if paging.by_page else rows)
    count = ((paging.count, str(paging.size)),) if paging.count else ()
    return with_query(url, ((paging.start, str(start)), *count))


def _following(
    url: str, paging: Paging, document: object, number: int, rows: list[object], last: list[object]
) -> str | None:
    """The address of the next page; None behind the last one."""
    if paging.next:
        return _next(url, _at(document, paging.next))
    total = _total(document, paging)
    more = len(last) >= paging.size if total is None else len(rows) < total
    return _page(url, paging, number, len(rows)) if more else None


def _next(url: str, value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        found = urljoin(url, value)
        same = urlsplit(found)[:2] == urlsplit(url)[:2]
    except ValueError:
        same = False
    if not same:
        raise FetchError("the next page is said to be on another server", url=safe_url(url), retry=False)
    return found


def _document(answer: Fetched) -> object:
    try:
        return json.loads(answer.body, parse_int=_Number, parse_float=_Number, parse_constant=_Number)
    except (ValueError, RecursionError):
        return None  # a web page, say: the reader has the words for it


def _at(document: object, path: str) -> object:
    for step in path.split("."):
        if not isinstance(document, dict) or step not in document:
            return None
        document = document[step]
    return document


def _rows(document: object, paging: Paging) -> list[object] | None:
    found = _at(document, paging.rows)
    return found if isinstance(found, list) else None


def _total(document: object, paging: Paging) -> int | None:
    """How many rows there must be, where the pages say it."""
    said = _at(document, paging.total) if paging.total else None
    return int(said) if isinstance(said, str) and said.isdecimal() and len(said) < 10 else None


def _check_total(first: object, paging: Paging, rows: list[object], url: str) -> None:
    total = _total(first, paging)
    if total is not None and len(rows) < total:
        raise FetchError(f"the pages list {len(rows)} of {total} rows", url=safe_url(url), status=200)


def _with_rows(document: object, path: list[str], rows: list[object]) -> object:
    if not path or not isinstance(document, dict):
        return rows
    return {**document, path[0]: _with_rows(document[path[0]], path[1:], rows)}


def _written(value: object) -> str:
    """JSON text, without spaces."""
    match value:
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{_written(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ",".join(map(_written, value)) + "]"
        case _Number():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)
