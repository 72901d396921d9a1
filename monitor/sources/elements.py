"""Reads XML as flat rows: one for every repeated element, and what stands around them.

A document type is refused, so that no entity is ever expanded; size, depth, rows and text are bounded; nothing
outside the bytes is read. Namespaces are left out. It knows nothing of holdings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.parsers import expat  # without entities: see `_Reader`

from monitor.core.errors import ParseError

MAX_BYTES = 50_000_000  # the largest N-PORT filings have some 20,000 lines and 40 MB
MAX_ROWS = 50_000
MAX_DEPTH = 40
MAX_TEXT = 2_000
MAX_OUTSIDE = 20_000  # texts around the rows


@dataclass(frozen=True, slots=True)
class Elements:
    """What a document says. `root` is its first element; `rows` the repeated elements, each text and attribute inside
    under its dotted path: `shrsOrPrnAmt.sshPrnamt`, `identifiers.isin@value`, the second of one name `other#2@value`.
    `outside` are the texts and attributes elsewhere, in order, by the path from the root, which is left out.
    """

    root: str
    rows: tuple[dict[str, str], ...]
    outside: tuple[tuple[str, str], ...]


def read_elements(
    body: bytes, repeated: Sequence[str], *, root: Callable[[str], None] | None = None, most: int = MAX_ROWS
) -> Elements:
    """The document in `body`; `repeated` are the dotted ends of the paths of the elements that are rows.

    `root` may refuse the first element by raising. Raises ParseError with one of the codes empty, size, xml.
    """
    if not body.strip():
        raise ParseError("the file is empty", code="empty")
    if len(body) > MAX_BYTES:
        raise ParseError(f"{len(body):,} bytes; at most {MAX_BYTES:,} are read", code="size")
    reader = _Reader([tuple(path.casefold().split(".")) for path in repeated], root, most)
    try:
        reader.parser.Parse(body.lstrip(b"\r\n\t \xef\xbb\xbf"), True)
    except expat.ExpatError as error:
        raise ParseError(f"not well-formed XML: {error}", code="xml", row=error.lineno) from error
    except (ValueError, LookupError) as error:  # an unknown encoding
        raise ParseError(f"not readable XML: {error}", code="xml") from error
    return Elements(reader.root, tuple(reader.rows), tuple(reader.outside))


class _Reader:
    """Collects texts and attributes; one instance reads one document."""

    def __init__(self, repeated: list[tuple[str, ...]], check: Callable[[str], None] | None, most: int) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.repeated = repeated
        self.check = check
        self.most = most
        self.root = ""
        self.path: list[str] = []  # local names, small letters
        self.names: list[str] = []  # the names of values below the root or the row
        self.row: dict[str, str] | None = None
        self.row_depth = 0
        self.seen: dict[str, int] = {}  # of each name inside a row
        self.text: list[str] = []
        self.length = 0
        self.rows: list[dict[str, str]] = []
        self.outside: list[tuple[str, str]] = []

    def _refuse_doctype(self, *_: object) -> None:
        raise ParseError("the file declares a document type, as no filing does", code="xml")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if not self.path:
            self.root = local
            if self.check is not None:
                self.check(local)
        self.path.append(local.casefold())
        if len(self.path) > MAX_DEPTH:
            raise ParseError(f"elements are nested more than {MAX_DEPTH} deep", code="xml")
        self.text, self.length = [], 0
        if self.row is None and any(tuple(self.path[-len(end) :]) == end for end in self.repeated):
            if len(self.rows) >= self.most:
                raise ParseError(f"more than {self.most:,} lines", code="size")
            self.row, self.row_depth, self.seen, self.names = {}, len(self.path), {}, []
        elif len(self.path) > 1:
            self.names.append(self._name(local))
        for attribute, value in attributes.items():
            if not attribute.startswith("xmlns"):
                self._say(f"{'.'.join(self.names)}@{attribute.rpartition(':')[2]}", value.strip())

    def _name(self, local: str) -> str:
        """The name of an element, numbered from the second of its place on inside a row."""
        if self.row is None:
            return local
        place = ".".join([*self.names, local])
        self.seen[place] = count = self.seen.get(place, 0) + 1
        return local if count == 1 else f"{local}#{count}"

    def _text(self, text: str) -> None:
        self.length += len(text)
        if self.length <= MAX_TEXT:
            self.text.append(text)

    def _end(self, _name: str) -> None:
        said = "".join(self.text).strip()
        if self.row is not None and len(self.path) == self.row_depth:
            if said:
                self._say("", said)
            self.rows.append(self.row)
            self.row, self.names = None, self.path_names()
        else:
            if said:
                self._say(".".join(self.names), said)
            if self.names:
                self.names.pop()
        self.text, self.length = [], 0
        self.path.pop()

    def path_names(self) -> list[str]:
        """The names above a row that has ended; as labels they matter in small letters only."""
        return self.path[1:-1]

    def _say(self, name: str, text: str) -> None:
        if self.row is not None:
            self.row.setdefault(name, text[:MAX_TEXT])
        elif len(self.outside) < MAX_OUTSIDE:
            self.outside.append((name, text[:MAX_TEXT]))
