"""What the SEC's lists say: which series a ticker is, which N-PORT filings a series has. Reads text, asks nobody."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit
from xml.parsers import expat

from monitor.core.errors import FetchError

SERIES = re.compile(r"S\d{9}")
MAX_ENTRIES = 1_000  # of one page; the SEC gives 100


@dataclass(frozen=True, slots=True)
class Filing:
    """One filing of a series: `path` is where its folder is on the server, without the document."""

    accession: str
    form: str  # NPORT-P, or NPORT-P/A where it amends another
    filed: date
    path: str


def series_by_ticker(body: bytes) -> dict[str, str]:
    """The series of every ticker that `company_tickers_mf.json` lists. Raises FetchError when it is something else."""
    try:
        tree = json.loads(body)
        series, symbol = tree["fields"].index("seriesId"), tree["fields"].index("symbol")
        return {str(row[symbol]).upper(): str(row[series]) for row in tree["data"]}
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise FetchError(f"the SEC's list of tickers cannot be read ({type(error).__name__})", url="") from None


def filings(body: bytes) -> list[Filing]:
    """The filings an Atom feed of a series lists, newest first. Raises FetchError when it is no such feed."""
    reader = _Feed()
    try:
        reader.parser.Parse(body.lstrip(), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise FetchError(f"the SEC's list of filings cannot be read ({type(error).__name__})", url="") from None
    if not reader.is_feed:
        raise FetchError("the SEC's list of filings is something else", url="")
    return [found for entry in reader.entries if (found := _filing(entry)) is not None]


def _filing(entry: dict[str, str]) -> Filing | None:
    """The entry as a filing of this form; None for others and for what lacks its parts."""
    form = entry.get("filing-type", "").strip().upper()
    path = urlsplit(entry.get("filing-href", "").strip()).path
    folder, _, name = path.rpartition("/")
    try:
        filed = date.fromisoformat(entry.get("filing-date", "").strip()[:10])
    except ValueError:
        return None
    accession = entry.get("accession-number", "").strip() or name.removesuffix("-index.htm")
    wanted = form in ("NPORT-P", "NPORT-P/A") and re.fullmatch(r"/Archives/edgar/data/\d+/\d+", folder)
    return Filing(accession, form, filed, folder) if wanted else None


class _Feed:
    """Collects the texts of the elements of each entry. A document type is refused, so that no entity is expanded."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.entries: list[dict[str, str]] = []
        self.is_feed = False
        self._element = ""
        self._inside = False

    def _refuse(self, *_: object) -> None:
        raise ValueError("a document type")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self.is_feed = self.is_feed or local == "feed"
        if local == "entry" and len(self.entries) < MAX_ENTRIES:
            self.entries.append({})
            self._inside = True
        self._element = local

    def _text(self, text: str) -> None:
        if self._inside and self._element:
            entry = self.entries[-1]
            entry[self._element] = (entry.get(self._element, "") + text)[:2_000]

    def _end(self, name: str) -> None:
        self._inside = self._inside and name.rpartition(":")[2] != "entry"
        self._element = ""
