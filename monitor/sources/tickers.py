"""Splits a printed ticker into its root and the exchange it is listed on.

Terminals write `1893 JP` or `PLTR US Equity`, some web sites `6857.JP`. Several codes stand for one exchange
or for the exchanges of one country; they are brought to the country's composite, so that `SDZ SW` and `SDZ SE`
are one listing. What follows a root without being such a code is part of the ticker (`BRK.B`, `ESU6 Index`).
"""

from __future__ import annotations

import re

from monitor.sources.forms import TickerStyle

_COMPOSITES = {  # composite exchange code: the codes of its exchanges
    "US": "UN UW UQ UR UA UP UV UF UM UB UC UD UX",
    "CN": "CT CV CF CJ",
    "GR": "GY GF GS GB GM GD GH GI GQ TH",
    "SW": "SE VX",
    "JP": "JT JO JN JF JS JQ",
    "AU": "AT AO",
    "KS": "KP KQ KN",
    "CH": "CG CS C1 C2",
    "IN": "IB IS IG",
    "SM": "SQ SN SO",
    "BZ": "BS BN BV",
    "TT": "TW",
    "LN": "LX LI",
}
_SINGLE = (
    "HK FP NA BB IM ID SS NO DC FH PL AV GA TI IT SP MK TB IJ PM VN NZ SJ MM CI CB AR CX PW HB CP RO AB QD UH EY KK"
)
_DIGITS = {"XKRX": 6, "CH": 6, "XTAI": 4, "JP": 4, "MK": 4}  # of a local code; spreadsheets strip leading zeros
_MICS = {"TT": "XTAI", "KS": "XKRX"}  # where sources of plain local codes name the exchange itself
_CODES = {
    **{code: _MICS.get(code, code) for code in (*_COMPOSITES, *_SINGLE.split())},
    **{code: _MICS.get(composite, composite) for composite, codes in _COMPOSITES.items() for code in codes.split()},
}
_BLOOMBERG = re.compile(r"([A-Z0-9*/.\-]{1,20})[ ]+([A-Z0-9]{2})(?:[ ]+EQUITY)?")
_DOTTED = re.compile(r"([A-Z0-9*/\-]{1,20})\.([A-Z]{2})")


def split_ticker(printed: str, style: TickerStyle) -> tuple[str, str]:
    """Root and composite exchange code (or MIC) of a ticker; as printed and "" when it carries none."""
    if style is TickerStyle.PLAIN or len(printed) > 40:
        return printed, ""
    form = _BLOOMBERG if style is TickerStyle.BLOOMBERG else _DOTTED
    found = form.fullmatch(printed.strip().upper())
    if found is None or found.group(2) not in _CODES:
        return printed, ""
    return found.group(1), _CODES[found.group(2)]


def composite(code: str) -> str:
    """The country's composite code (or MIC) of an exchange code, "" when it is none."""
    return _CODES.get(code, "")


def local_code(root: str, venue: str) -> str:
    """A ticker as its exchange writes it: digits with the zeros a spreadsheet took (270 in Seoul is 000270), those of
    Hong Kong without zeros, and no blank between a share and its class (`INVE B`, elsewhere INVEB)."""
    if root.isascii() and root.isdigit():
        return root.lstrip("0") or root if venue == "HK" else root.zfill(_DIGITS.get(venue, 0))
    return root.replace(" ", "")
