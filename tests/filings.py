"""Filings of the form of an N-PORT with invented lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<edgarSubmission xmlns="http://www.sec.gov/edgar/nport"'
    ' xmlns:ncom="http://www.sec.gov/edgar/nportcommon">'
)


@dataclass(frozen=True)
class Holding:
    """One investment as a filing prints it."""

    name: str
    cusip: str = "N/A"
    shares: str = "1000"
    value: str = "100000.00"
    weight: str = "1.25"
    isin: str = ""
    title: str = "N/A"
    payoff: str = "Long"
    more: str = ""


def filing(
    as_of: date | str,
    holdings: Sequence[Holding],
    *,
    kind: str = "NPORT-P",
    series: str = "Lantern A",
    signed: str = "",
) -> bytes:
    """A filing of `holdings`."""
    lines = "".join(map(_line, holdings))
    return (
        f"{HEAD}<headerData><submissionType>{kind}</submissionType><filerInfo><seriesClassInfo>"
        "<seriesId>S000099999</seriesId><classId>C000099991</classId><classId>C000099992</classId>"
        f"</seriesClassInfo></filerInfo></headerData><formData><genInfo><regName>Lantern Trust</regName>"
        f"<seriesName>{escape(series)}</seriesName><seriesId>S000099999</seriesId><repPdEnd>2026-12-31</repPdEnd>"
        f"<repPdDate>{as_of}</repPdDate></genInfo><invstOrSecs>{lines}</invstOrSecs>"
        f"<signature><ncom:dateSigned>{signed or as_of}</ncom:dateSigned></signature></formData></edgarSubmission>"
    ).encode()


def _line(one: Holding) -> str:
    ids = f'<isin value="{one.isin}"/>' if one.isin else '<other otherDesc="Internal" value="7"/>'
    return (
        f"<invstOrSec><name>{escape(one.name)}</name><lei>N/A</lei><title>{escape(one.title)}</title>"
        f"<cusip>{one.cusip}</cusip><identifiers>{ids}</identifiers><balance>{one.shares}</balance><units>NS</units>"
        f"<curCd>USD</curCd><valUSD>{one.value}</valUSD><pctVal>{one.weight}</pctVal>"
        f"<payoffProfile>{one.payoff}</payoffProfile><assetCat>EC</assetCat>{one.more}</invstOrSec>"
    )
