"""Reads an N-PORT as published (NPORT-P, XML): which series it is about, the date, and every investment.

For any bytes the answer is an `NportReport` or a `ParseError`; the bounds are those of `elements`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from monitor.core.errors import ParseError
from monitor.core.model import Line
from monitor.sources.elements import Elements, read_elements

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
    return _Filing(read_elements(body, ("invstOrSec",), root=_only_filings)).report()


def _only_filings(root: str) -> None:
    if root != "edgarSubmission":
        raise ParseError(f"the document is a {root[:40]!r}, not an N-PORT", code="nport")


class _Filing:
    """What the elements of a filing say, as values."""

    def __init__(self, found: Elements) -> None:
        self.rows = found.rows
        self.head: dict[str, str] = {}
        self.classes = []
        for name, text in found.outside:
            parent, _, local = name.rpartition(".")
            if parent.rpartition(".")[2].casefold() in ("geninfo", "headerdata", "signature"):
                self.head.setdefault(local, text)
            elif local == "classId":
                self.classes.append(text)

    def _line(self, at: int) -> NportLine:
        said = self.rows[at]
        own = _identifiers(said)

        def code(*names: str) -> str:
            found = ((said.get(name) or own.get(name, "")).upper() for name in names)
            return next((text for text in found if text not in EMPTY), "")

        name, title = said.get("name", ""), said.get("title", "")
        return NportLine(
            name if name.upper() not in EMPTY else title,
            code("lei"),
            title,
            code("cusip"),
            code("isin"),
            code("ticker"),
            code("sedol"),
            self._number("balance", at),
            said.get("units", ""),
            self._number("valUSD", at),
            self._number("pctVal", at),
            said.get("assetCat") or said.get("assetConditional@assetCat", ""),
            said.get("payoffProfile", ""),
        )

    def _number(self, name: str, at: int) -> Decimal | None:
        text = self.rows[at].get(name, "")
        if text.upper() in EMPTY - {"000000000"}:
            return None
        try:
            found = Decimal(text)
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite() or abs(found) >= Decimal("1e18"):
            raise ParseError(f"{name}: {text[:40]!r} is not a number", code="numbers", row=at + 1)
        return found

    def report(self) -> NportReport:
        """The whole filing."""
        kind = self.head.get("submissionType", "")
        if not kind.upper().startswith("NPORT-P"):
            raise ParseError(f"the submission is a {kind[:40]!r}, not an NPORT-P", code="nport")
        if not self.rows:
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
            tuple(self._line(at) for at in range(len(self.rows))),
        )


def _identifiers(row: dict[str, str]) -> dict[str, str]:
    """The codes of a line by their kind: `isin`, `ticker`, and what the others are described as."""
    found: dict[str, str] = {}
    for name, value in row.items():
        place, _, attribute = name.partition("@")
        if attribute == "value" and place.startswith("identifiers.") and place.count(".") == 1:
            local = place.partition(".")[2].partition("#")[0]
            kind = row.get(f"{place}@otherDesc", "") if local == "other" else local
            found.setdefault(kind.strip().lower(), value)
    return found
