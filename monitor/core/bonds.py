"""Bonds: what their names say of coupon and maturity, when two lines are one issue, when one has matured.

A bond's name is no identity: it ages ("(OTR)" → "(OLD)" → "(2OLD)") and floats with its coupon. Identifiers come
first; the terms only join a placeholder number to the identifier that replaces it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from monitor.core.contracts import day_of
from monitor.core.model import AssetClass, Interval, Position
from monitor.core.sessions import Sessions

PAYDOWN = Decimal("0.02")  # of par: mortgages and loans pay back a little every month
NEAR = 5  # sessions from maturity within which a bond that is gone has matured
_NEAR_DAYS = 7  # the same where sessions are not known
_SAME_WORTH = Decimal("0.02")  # how far two values of one issue may be apart from one day to the next

_MATURITY = r"(?P<maturity>\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})|\d{4}-\d\d-\d\d)(?: (?:REG ?S|144A|[EG]?MTN))*$"
_TERMS = re.compile(r"(?P<coupon>\b\d{1,2}(?:\.\d+)?(?: \d/\d{1,2})?)\s*%?\s+" + _MATURITY)
_BILL = re.compile(r"(?:\bBILLS?\b.*?|^B )" + _MATURITY)  # B 10/02/26: as terminals call a Treasury bill
_TBA = re.compile(r"\bTBA\b")
_TERM = re.compile(r"\b(\d{1,2})[ -]?Y(?:EA)?RS?\b")
_AGENCIES = (
    ("UMBS", r"\b(UMBS|FNMA|FANNIE MAE|FEDERAL NATIONAL MORTGAGE ASSOCIATION|FNCL|FNCI|FN)\b"),
    ("FHLMC", r"\b(FHLMC|FREDDIE MAC|FEDERAL HOME LOAN MORTGAGE CORPORATION|FGLMC)\b"),
    ("GNMA", r"\b(GNMA|GINNIE MAE|GOVERNMENT NATIONAL MORTGAGE ASSOCIATION|G2SF|GNSF|GNII|GN)\b"),
)
_TAGS = re.compile(r"\(\s*(OTR|\d*OLD|WI|W/I)\s*\)")


@dataclass(frozen=True, slots=True)
class Terms:
    """Coupon in percent (None: none printed) and maturity."""

    coupon: Decimal | None
    maturity: date | None


@lru_cache(maxsize=65536)
def terms(name: str) -> Terms | None:
    """Coupon and maturity when a name ends with them, as a bond's does; None for any other name."""
    text = " ".join(name.upper().split())
    if not (("/" in text or "-" in text) and (text[-1].isdecimal() or text[-1] in "SAN")):  # the end of a maturity
        return None
    if found := _TERMS.search(text):
        return Terms(_coupon(found["coupon"]), _day(found["maturity"]))
    if found := _BILL.search(text):
        return Terms(None, _day(found["maturity"]))
    return None


def _coupon(text: str) -> Decimal:
    whole, _, part = text.partition(" ")
    top, _, bottom = part.partition("/")
    return Decimal(whole) + (Decimal(top) / Decimal(bottom) if bottom.strip("0") else 0)


def _day(text: str) -> date | None:
    if "/" in text:
        return day_of(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def tba_key(name: str) -> str:
    """The key of a mortgage pool to be announced: agency, term and coupon, whatever the month; empty for others."""
    text = " ".join(name.upper().split())
    if "TBA" not in text or not _TBA.search(text):
        return ""
    agency = next((short for short, words in _AGENCIES if re.search(words, text)), "")
    term = _TERM.search(text)
    rest = re.sub(r"\d{1,2}/\d{1,2}(/\d{2,4})?", " ", _TERM.sub(" ", text))
    coupon = re.search(r"\b\d{1,2}(\.\d+)?\b", rest)
    words = [agency, f"{term[1]}YR" if term else "", f"{Decimal(coupon[0]).normalize():f}" if coupon else ""]
    return "tba:" + " ".join(word for word in words if word)


@lru_cache(maxsize=65536)
def plain_name(name: str) -> str:
    """A bond's name without the tags of its age."""
    return " ".join(_TAGS.sub(" ", name.upper()).split())


@lru_cache(maxsize=65536)
def issue_name(name: str) -> str:
    """Who owes until when: a bond's name without its age and its coupon; empty when it names no maturity."""
    found = terms(name)
    if found is None or found.maturity is None:
        return ""
    text = _TERMS.sub("", _BILL.sub(lambda bill: bill[0].removesuffix(bill["maturity"]), plain_name(name)))
    return f"{text.strip()} {found.maturity}"


def with_terms(name: str, coupon: Decimal | None, maturity: date | None) -> str:
    """A bond's name with the coupon and maturity its file prints in columns of their own."""
    if maturity is None or terms(name) is not None:
        return name
    rate = "" if coupon is None else f" {coupon.normalize():f}"
    return f"{name}{rate or ' 0'} {maturity:%m/%d/%Y}"


def is_same_issue(old: Position, new: Position) -> bool:
    """Whether the custodian's first number of an issue was replaced: the same debtor and maturity with exactly the
    same par (its coupon may have been a guess), or the same coupon too at a value within 2 %.

    Nine of 301 bonds of a private-credit fund changed from a number of the custodian, which has a valid check
    digit, to their ISIN: seven with equal par, one of them with another coupon, two with restated par.
    """
    if not issue_name(old.name) or issue_name(old.name) != issue_name(new.name):
        return False
    if old.shares and old.shares == new.shares:
        return True
    if plain_name(old.name) != plain_name(new.name) or not old.value or not new.value:
        return False
    return abs(new.value / old.value - 1) <= _SAME_WORTH


def is_paydown(before: Decimal, after: Decimal) -> bool:
    """A change of par too small to be a trade: below 2 %."""
    return abs(after - before) < PAYDOWN * abs(before)


def has_matured(position: Position, interval: Interval, files: tuple[date, date], sessions: Sessions) -> bool:
    """Whether a bond that is gone went at its maturity: within 5 sessions of the interval in which it left.

    `files` are the as-of dates of the last file with it and the first without, for where sessions are unknown.
    """
    found = terms(position.name)
    if position.asset_class is not AssetClass.BOND or found is None or found.maturity is None:
        return False
    return is_near(found.maturity, interval, files, sessions)


def is_near(due: date, interval: Interval, files: tuple[date, date], sessions: Sessions) -> bool:
    """Whether a day is within 5 sessions of the interval, or a week of the files where sessions are unknown."""
    first, last = interval.first, interval.last
    if first is None or last is None:
        return files[0] - timedelta(days=_NEAR_DAYS) <= due <= files[1] + timedelta(days=_NEAR_DAYS)
    if first <= due <= last:
        return True
    near, far = (due, first) if due < first else (last, due)
    return (far - near).days <= 2 * _NEAR_DAYS and sessions.distance(near, far) <= NEAR
