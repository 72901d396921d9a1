"""The OpenAPI description of answers: a schema and an example of each, made of the columns. Nothing is looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from monitor.asking.question import Column, Parameter, Sort, Want
from monitor.web.api.forms import MEDIA, Shape
from monitor.web.problems import MEDIA as PROBLEM

Tree = dict[str, Any]
UNKNOWN = "(unknown)"  # stands for null in examples until the document is made
TYPES: dict[Sort, Tree] = {
    Sort.TEXT: {"type": ["string", "null"]},
    Sort.DAY: {"type": ["string", "null"], "format": "date"},
    Sort.INSTANT: {"type": ["string", "null"], "format": "date-time"},
    Sort.WHOLE: {"type": ["integer", "null"]},
    Sort.NUMBER: {"type": ["number", "null"]},
    Sort.FLAG: {"type": ["boolean", "null"]},
    Sort.LIST: {"type": ["array", "object", "null"]},
}
EXAMPLES: dict[str, object] = {  # invented
    "issuer": "ark", "fund": "ARKK", "other": "ARKW", "ticker": "TSLA", "name": "TESLA INC", "cusip": "88160R101",
    "isin": "US88160R1014", "sedol": UNKNOWN, "figi": UNKNOWN, "currency": "USD",
    "id": "S000000000000001",
    "security": "S000000000000001",
    "shares": 1234567, "value": 9876543.21, "weight": 10.05, "kind": "INITIATED", "severity": "high",
    "sha256": "0f" * 32, "place": "ARKK_HOLDINGS.csv",
}  # fmt: skip
BY_SORT: dict[Sort, object] = {
    Sort.TEXT: "text",
    Sort.DAY: "2021-09-03",
    Sort.INSTANT: "2021-09-03T22:15:00.000000Z",
    Sort.WHOLE: 3,
    Sort.NUMBER: 12.5,
    Sort.FLAG: True,
    Sort.LIST: [],
}
FILE: Tree = {
    "type": "object",
    "required": ["issuer", "fund", "as_of", "place", "sha256", "known_at"],
    "properties": {
        "issuer": {"type": "string"},
        "fund": {"type": "string"},
        "as_of": {"type": "string", "format": "date"},
        "place": {"type": "string", "description": "Where it came from."},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "known_at": {"type": "string", "format": "date-time"},
    },
}
FILE_EXAMPLE: Tree = {
    "issuer": "ark",
    "fund": "ARKK",
    "as_of": "2021-09-03",
    "place": "ARKK_HOLDINGS.csv",
    "sha256": "0f" * 32,
    "known_at": "2021-09-03T22:15:00.000000Z",
}
COLUMN: Tree = {
    "type": "object",
    "required": ["name", "path", "type", "unit", "about"],
    "properties": {
        "name": {"type": "string", "description": "As in a DataFrame and in Parquet."},
        "path": {"type": "string", "description": "Where it is in a row; also its name in CSV."},
        "type": {"type": "string", "enum": [str(one) for one in Sort]},
        "unit": {"type": "string"},
        "about": {"type": "string"},
    },
}
COMPONENTS: Tree = {
    "File": FILE,
    "Column": COLUMN,
    "Problem": {
        "type": "object",
        "description": "RFC 9457.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What is wrong, and what would be right."},
        },
    },
}
PROBLEMS: dict[int | str, Tree] = {
    status: {"description": says, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": {
        "type": "about:blank", "title": title, "status": status, "detail": detail}}}}
    for status, says, title, detail in (
        (400, "Something is not understood.", "Bad Request", "There is no fund 'ARKKK'. Did you mean ARKK?"),
        (401, "No token was shown, or a wrong one.", "Unauthorized", "A token is needed: Authorization: Bearer TOKEN."),
        (404, "There is nothing at this address.", "Not Found", "There is no event, item, file or message 'E0'."),
        (406, "No form that is wanted.", "Not Acceptable", "Answers come as application/json, text/csv."),
        (503, "The database did not answer.", "Service Unavailable", "The database is not reached. Ask again later."),
    )
}  # fmt: skip
PROBLEMS["default"] = {
    "description": "Another problem.",
    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def parameter(one: Parameter) -> Tree:
    """The schema of a parameter's text."""
    match one.want:
        case Want.COUNT:
            found: Tree = {"type": "integer", "minimum": 0, "maximum": 1_000_000}
        case Want.NUMBER:
            found = {"type": "number"}
        case Want.FLAG:
            found = {"type": "boolean", "default": False}
        case Want.CHOICE:
            found = {"type": "string", "enum": list(one.choices)}
        case Want.CHOICES:
            found = {"type": "array", "items": {"type": "string", "enum": list(one.choices)}}
        case Want.FUND | Want.ISSUER | Want.SECURITY | Want.DAY | Want.INSTANT | Want.TEXT:
            found = {"type": "string", "maxLength": 300}
        case _:
            assert_never(one.want)
    if one.default is not None and one.want is not Want.FLAG:
        found["default"] = _typed(one, one.default)
    return found


def example(one: Parameter) -> object:
    """An example of a parameter, typed."""
    return _typed(one, one.example) if one.example else None


def _typed(one: Parameter, text: str) -> object:
    match one.want:
        case Want.COUNT:
            return int(text)
        case Want.NUMBER:
            return float(text)
        case Want.FLAG:
            return text == "true"
        case Want.CHOICES:
            return text.split(",")
    return text


def row(columns: Sequence[Column]) -> Tree:
    """The schema of a row: objects inside it where a path leads through them."""
    found: Tree = {"type": "object", "properties": {}}
    for column in columns:
        node = found
        for part in column.path[:-1]:
            node = node["properties"].setdefault(part, {"type": ["object", "null"], "properties": {}})
        node["properties"][column.path[-1]] = dict(TYPES[column.sort])
    return found


def example_row(columns: Sequence[Column]) -> Tree:
    """An invented row."""
    found: Tree = {}
    for column in columns:
        node = found
        for part in column.path[:-1]:
            node = node.setdefault(part, {})
        node[column.path[-1]] = _example(column)
    return found


def _example(column: Column) -> object:
    usual = BY_SORT[column.sort]
    found = EXAMPLES.get(column.path[-1], usual)
    alike = isinstance(found, (int, float)) if column.sort is Sort.NUMBER else isinstance(found, type(usual))
    return found if alike or found == UNKNOWN else usual


def responses(name: str, columns: Sequence[Column], described: Sequence[Mapping[str, object]]) -> dict[int | str, Tree]:
    """What an endpoint that answers with rows answers."""
    rows = row(columns)
    schema: Tree = {
        "type": "object",
        "required": ["question", "asked", "columns", "total", "next", "note", "files", "rows"],
        "properties": {
            "question": {"type": "string", "const": name},
            "asked": {"type": "object", "description": "What was asked, as it was understood."},
            "columns": {"type": "array", "items": {"$ref": "#/components/schemas/Column"}},
            "total": {"type": ["integer", "null"], "description": "Rows of all pages; null where it is not counted."},
            "next": {"type": ["string", "null"], "description": "The next page, also in the Link header."},
            "note": {"type": ["string", "null"], "description": "Why there are no rows: e.g. no file so old."},
            "files": {"type": "array", "items": {"$ref": "#/components/schemas/File"},
                      "description": "The published files the rows rest on."},
            "rows": {"type": "array", "items": rows},
        },
    }  # fmt: skip
    shown = example_row(columns)
    example = {"question": name, "asked": {}, "columns": list(described)[:1], "total": 1, "next": UNKNOWN,
               "note": UNKNOWN, "files": [FILE_EXAMPLE], "rows": [shown]}  # fmt: skip
    texts: Tree = {"schema": {"type": "string"}}
    content: Tree = {
        MEDIA[Shape.JSON]: {"schema": schema, "example": example},
        MEDIA[Shape.JSONL]: {"schema": {"type": "string", "description": "A row a line."}},
        "text/csv": texts | {"example": ",".join(".".join(one.path) for one in columns) + "\n"},
        MEDIA[Shape.PARQUET]: {"schema": {"type": "string", "format": "binary"}},
    }
    return {200: {"description": "The answer.", "content": content, "headers": HEADERS}, 304: NOT_MODIFIED, **PROBLEMS}


HEADERS: Tree = {
    "ETag": {"description": "Of this body; send it as If-None-Match.", "schema": {"type": "string"}},
    "Link": {"description": 'The next page, rel="next"; absent on the last.', "schema": {"type": "string"}},
    "X-Total-Count": {"description": "Rows of all pages, where counted.", "schema": {"type": "integer"}},
}
NOT_MODIFIED: Tree = {"description": "The answer is the one whose ETag was shown."}


def object_responses(about: str, shown: object, schema: Tree | None = None) -> dict[int | str, Tree]:
    """What an endpoint that answers with one JSON object answers."""
    content = {MEDIA[Shape.JSON]: {"schema": schema or {"type": "object"}, "example": shown}}
    return {200: {"description": about, "content": content, "headers": {"ETag": HEADERS["ETag"]}},
            304: NOT_MODIFIED, **PROBLEMS}  # fmt: skip
