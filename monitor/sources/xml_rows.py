"""Makes a table of an XML document that lists holdings as repeated elements; see `elements` for its bounds.

Submissions to the SEC may hold several documents, each in an <XML> of its own, below a header of labels: they are
read as one, what the header says last.
"""

from __future__ import annotations

import re

from monitor.core.errors import ParseError
from monitor.sources.cells import normalise, plain_text
from monitor.sources.elements import Elements, read_elements
from monitor.sources.fields import label_names, merged, usual_header
from monitor.sources.forms import Column
from monitor.sources.spec import Source

_HTML = re.compile(rb"<(!doctype\s+html|html)\b", re.IGNORECASE)
_SUBMISSION = re.compile(rb"(?:-----BEGIN PRIVACY|<SEC-DOCUMENT>|<SUBMISSION>|<IMS-DOCUMENT>)")
_PART = re.compile(rb"<XML>(.*?)</XML>", re.DOTALL)
_LABEL = re.compile(r"^[ \t]*<?([A-Z][A-Z0-9 /-]{2,60})[:>][ \t]*(\S.{0,200})$", re.MULTILINE)
_COMPACT = re.compile(r"^((?:19|20)\d\d)(\d\d)(\d\d)$")  # 20221231, a date in a header
HEADER = 20_000  # bytes of a submission that may hold its header


def looks_like_xml(body: bytes) -> bool:
    """Whether the bytes begin as XML or a submission does, and not as a web page."""
    start = body[:2000].lstrip(b"\xef\xbb\xbf\r\n\t ")
    if _SUBMISSION.match(start):
        return True
    return start.startswith(b"<") and _HTML.search(start) is None


def xml_rows(body: bytes, source: Source) -> tuple[list[list[str]], ...]:
    """The table of a document: labels, header, rows. Raises ParseError (empty, size, xml, rows)."""
    if len(body) > source.http.max_bytes:
        raise ParseError(f"{len(body)} bytes, more than the limit of {source.http.max_bytes}", code="size")
    parts, header = _parts(body)
    documents = [read_elements(part, source.tables, most=source.max_rows) for part in parts]
    rows = [row for document in documents for row in document.rows]
    labels = _labels([*(pair for one in documents for pair in one.outside), *header], source)
    if rows:
        return ([*labels, *merged([_known(row, source) for row in rows], source)],)
    dates = source.head.labels.get(Column.DATE, ())
    if source.document.may_be_empty and any(label in dates for label, _ in labels):
        return ([*labels, usual_header(source)],)
    raise _none(documents, source)


def _parts(body: bytes) -> tuple[list[bytes], list[tuple[str, str]]]:
    """The XML documents in the bytes, and the labels of a submission's header."""
    if not _SUBMISSION.match(body.lstrip(b"\xef\xbb\xbf\r\n\t ")):
        return [body], []
    found = [part[1] for part in _PART.finditer(body)]
    if not found:
        raise ParseError("a submission without a document in XML", code="xml")
    header = body[: min(HEADER, body.find(b"<XML>"))].decode("utf-8", "replace")
    return found, [(one[1].strip(), _COMPACT.sub(r"\1-\2-\3", one[2].strip())) for one in _LABEL.finditer(header)]


def _none(documents: list[Elements], source: Source) -> ParseError:
    roots = ", ".join(dict.fromkeys(one.root for one in documents))
    kind = next((text for one in documents for name, text in one.outside if name.endswith("submissionType")), "")
    said = f" ({kind[:40]})" if kind else ""
    wanted = ", ".join(source.tables)
    words = f"the document {roots!r}{said} lists no holdings: it has no element {wanted}"
    return ParseError(words[:500], code="rows")


def _labels(outside: list[tuple[str, str]], source: Source) -> list[list[str]]:
    """Each label the source looks for with the first text whose path ends so and that says something."""
    first: dict[str, str] = {}
    blanks = frozenset(map(normalise, source.document.blanks))
    for name, text in outside:
        if not plain_text(text) or normalise(text) in blanks:
            continue
        parts = name.casefold().split(".")
        for at in range(len(parts)):
            first.setdefault(".".join(parts[at:]), text)
    return [[label, first[label]] for label in label_names(source) if label in first]


def _known(row: dict[str, str], source: Source) -> dict[str, str]:
    """The fields of a row that the source knows: a derivative has hundreds of others."""
    known = {alias for aliases in source.columns.values() for alias in aliases}
    known |= {name for form in source.formats for name in form.columns}
    return {name: text for name, text in row.items() if name.casefold() in known}
