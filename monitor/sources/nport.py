"""Reads an N-PORT as published (NPORT-P, XML): which series it is about, the date, and every investment.

For any bytes the answer is an `NportReport` or a `ParseError`. A document type is refused, so that no
entity is ever expanded; size, depth, lines and text are bounded; nothing outside the bytes is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.parsers import expat  # without entities: see `_Reader`

from monitor.core.errors import ParseError
from monitor.core.model import Line

MAX_BYTES = 50_000_000  # the largest filings have some 20,000 lines and 40 MB
MAX_LINES = 50_000
MAX_DEPTH = 40
MAX_TEXT = 2_000
EMPTY = frozenset({"", "N/A", "NA", "NONE", "000000000", "XXXXXXXXX"})


@dataclass(frozen=True, slots=True)
class NportLine:
    """One investment as printed. `value` in US dollars, `weight` in percent points of net assets."""

    name: str  # of the issuer
    lei: str
    title: str  # of the issue
    cusip: str
    isin: str
    ticker: str
    sedol: str
    balance: Decimal | None
    units: str  # NS shares, PA principal, NC contracts, OU other
    value: Decimal | None
    weight: Decimal | None
    category: str  # EC equity, DBT debt, DFE forward …
    payoff: str  # Long, Short or N/A

    def line(self, row: int) -> Line:
        """As a line of holdings; a short position has fewer than no shares."""
        held, worth = self.balance, self.value
        if self.payoff.upper() == "SHORT" and held is not None and held > 0:
            held = -held
        return Line(
            row,
            self.name,
            self.ticker,
            self.cusip or self.isin or self.sedol,
            held,
            worth,
            self.weight,
            isin=self.isin,
            sedol=self.sedol,
            currency="USD",
        )


@dataclass(frozen=True, slots=True)
class NportReport:
    """What one filing says. `as_of` is the date of the holdings (repPdDate), `signed` that of the signature."""

    registrant: str
    series: str
    series_id: str
    class_ids: tuple[str, ...]
    as_of: date
    signed: str
    is_amendment: bool
    lines: tuple[NportLine, ...]


def read_nport(body: bytes) -> NportReport:
    """The filing in `body`. Raises ParseError with one of the codes empty, size, xml, nport, rows, as_of, numbers."""
    if not body.strip():
        raise ParseError("the file is empty", code="empty")
    if len(body) > MAX_BYTES:
        raise ParseError(f"{len(body):,} bytes; at most {MAX_BYTES:,} are read", code="size")
    reader = _Reader()
    try:
        reader.parser.Parse(body.lstrip(b"\r\n\t \xef\xbb\xbf"), True)
    except expat.ExpatError as error:
        raise ParseError(f"not well-formed XML: {error}", code="xml", row=error.lineno) from error
    except (ValueError, LookupError) as error:  # an unknown encoding
        raise ParseError(f"not readable XML: {error}", code="xml") from error
    return reader.report()


class _Reader:
    """Collects the few elements we need; one instance reads one file."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.path: list[str] = []
        self.text: list[str] = []
        self.length = 0
        self.root = ""
        self.head: dict[str, str] = {}
        self.classes: list[str] = []
        self.line: dict[str, str] = {}
        self.lines: list[NportLine] = []

    def _refuse_doctype(self, *_: object) -> None:
        raise ParseError("the file declares a document type; an N-PORT has none", code="xml")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self.root = self.root or local
        if self.root != "edgarSubmission":
            raise ParseError(f"the document is a {self.root[:40]!r}, not an N-PORT", code="nport")
        self.path.append(local)
        if len(self.path) > MAX_DEPTH:
            raise ParseError(f"elements are nested more than {MAX_DEPTH} deep", code="xml")
        self.text, self.length = [], 0
        if local == "invstOrSec":
            self.line = {}
            if len(self.lines) >= MAX_LINES:
                raise ParseError(f"more than {MAX_LINES:,} lines", code="size")
        elif self.path[-3:-1] == ["invstOrSec", "identifiers"]:
            other = attributes.get("otherDesc", "") if local == "other" else local
            self.line.setdefault(other.strip().lower(), attributes.get("value", "").strip()[:MAX_TEXT])
        elif local == "assetConditional" and self.path[-2] == "invstOrSec":
            self.line["assetCat"] = attributes.get("assetCat", "")[:MAX_TEXT]

    def _text(self, text: str) -> None:
        self.length += len(text)
        if self.length <= MAX_TEXT:
            self.text.append(text)

    def _end(self, _name: str) -> None:
        local = self.path.pop()
        said = "".join(self.text).strip()
        parent = self.path[-1] if self.path else ""
        self.text, self.length = [], 0
        if local == "invstOrSec":
            self.lines.append(self._line())
        elif parent == "invstOrSec":
            self.line.setdefault(local, said)
        elif parent in ("genInfo", "headerData", "signature"):
            self.head.setdefault(local, said)
        elif local == "classId":
            self.classes.append(said)

    def _line(self) -> NportLine:
        def code(*names: str) -> str:
            found = (self.line.get(name, "").upper() for name in names)
            return next((text for text in found if text not in EMPTY), "")

        said = self.line
        name, title = said.get("name", ""), said.get("title", "")
        return NportLine(
            name if name.upper() not in EMPTY else title,
            code("lei"),
            title,
            code("cusip"),
            code("isin"),
            code("ticker"),
            code("sedol"),
            self._number("balance"),
            said.get("units", ""),
            self._number("valUSD"),
            self._number("pctVal"),
            said.get("assetCat", ""),
            said.get("payoffProfile", ""),
        )

    def _number(self, name: str) -> Decimal | None:
        text = self.line.get(name, "")
        if text.upper() in EMPTY - {"000000000"}:
            return None
        try:
            found = Decimal(text)
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite() or abs(found) >= Decimal("1e18"):
            raise ParseError(f"{name}: {text[:40]!r} is not a number", code="numbers", row=len(self.lines) + 1)
        return found

    def report(self) -> NportReport:
        """The whole filing, once everything was read."""
        kind = self.head.get("submissionType", "")
        if not kind.upper().startswith("NPORT-P"):
            raise ParseError(f"the submission is a {kind[:40]!r}, not an NPORT-P", code="nport")
        if not self.lines:
            raise ParseError("the filing lists no investment", code="rows")
        dated = self.head.get("repPdDate", "")
        try:
            as_of = date.fromisoformat(dated)
        except ValueError:
            raise ParseError(f"repPdDate: {dated[:40]!r} is not a date", code="as_of") from None
        return NportReport(
            self.head.get("regName", ""),
            self.head.get("seriesName", ""),
            self.head.get("seriesId", ""),
            tuple(dict.fromkeys(self.classes)),
            as_of,
            self.head.get("dateSigned", ""),
            kind.upper().endswith("/A"),
            tuple(self.lines),
        )
