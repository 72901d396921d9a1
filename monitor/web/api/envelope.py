"""What an answer is wrapped in: what was asked, columns, a page of rows, where it goes on, the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.responses import Response

from monitor.asking.plain import Record, json_line, record
from monitor.asking.question import Column
from monitor.asking.vocabulary import meaning
from monitor.store.queries import FileRef
from monitor.web.api import forms
from monitor.web.api.forms import MEDIA, Shape

USUAL, MOST = 1_000, 10_000  # rows of a page
FURTHEST = 100_000_000  # row a page may begin with


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows are wanted."""

    limit: int = USUAL
    offset: int = 0

    def of(self, rows: Sequence[Record]) -> Sequence[Record]:
        """Those rows."""
        return rows[self.offset : self.offset + self.limit]


@dataclass(frozen=True, slots=True)
class Envelope:
    """One answer. `total` is None where counting would mean reading everything; `more`: there is another page."""

    question: str
    asked: Mapping[str, object]
    columns: Sequence[Column]
    rows: Sequence[Record]
    page: Page
    total: int | None
    more: bool
    files: Sequence[FileRef] = ()
    says: Mapping[str, str] | None = None  # what columns mean, where the vocabulary does not
    note: str | None = None  # why there are no rows
    following: str | None = None  # the address of the next page

    def json(self) -> str:
        """The JSON object, exact decimals as numbers."""
        says = self.says or {}
        head: list[tuple[str, object]] = [
            ("question", self.question),
            ("asked", self.asked),
            ("columns", [described(column, says.get(column.name)) for column in self.columns]),
            ("total", self.total),
            ("next", self.following),
            ("note", self.note),
            ("files", [record(one) for one in self.files]),
        ]
        parts = [f"{json_line(name)}: {json_line(value)}" for name, value in head]
        rows = ",\n".join(json_line(row) for row in self.rows)
        return "{" + ",\n".join(parts) + ',\n"rows": [' + (f"\n{rows}\n" if rows else "") + "]}\n"


def described(column: Column, says: str | None = None) -> dict[str, object]:
    """A column, as answers and the documentation name it."""
    unit, about = ("", says) if says is not None else meaning(column.name)
    return {"name": column.name, "path": ".".join(column.path), "type": column.sort, "unit": unit, "about": about}


def reply(request: Request, found: Envelope, shape: Shape, today: date) -> Response:
    """The answer in the form wanted, with the way to the next page."""
    headers = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization, Cookie"}
    if found.total is not None:
        headers["X-Total-Count"] = str(found.total)
    following = None
    if found.more:
        given = [(k, v) for k, v in parse_qsl(request.url.query, keep_blank_values=True) if k != "offset"]
        query = urlencode([*given, ("offset", str(found.page.offset + len(found.rows)))])
        following = f"{request.url.path}?{query}"
        headers["Link"] = f'<{following}>; rel="next"'
    if shape is not Shape.JSON:
        name = f"{found.question}-{today}.{shape}"
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    body = forms.body(replace(found, following=following), shape)
    return Response(body, 200, headers, media_type=MEDIA[shape])
