"""*Search*: funds, securities and issuers by ticker, name, CUSIP, ISIN or public id. A single exact hit opens."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from monitor.asking.arguments import LONGEST
from monitor.asking.plain import Record
from monitor.web.pages.answering import rows
from monitor.web.pages.filters import fund_url, issuer_url, page_url, security_url
from monitor.web.pages.rendering import Page, asked, reading, render

router = APIRouter(route_class=Page)
SHOWN = 100  # hits of a search
SUGGESTED = 8  # hits while somebody types
SHORTEST = 2  # characters before there are suggestions
GROUPS = (("fund", "Funds"), ("security", "Securities"), ("issuer", "Issuers"))


@router.get("/search")
def search(request: Request) -> Response:
    """The hits by what they are; the only exact one is gone to, unless all are wanted."""
    said = asked(request, "q", "all")
    text = _plain(said["q"])
    found: Sequence[Record] = ()
    if text:
        with reading(request).connection() as conn:
            found = rows(request, conn, "search", text=text, limit=str(SHOWN))
    exact = [one for one in found if is_exact(one, text)]
    if len(exact) == 1 and not said["all"]:
        return RedirectResponse(page_url(address(exact[0]), found=text), 303, {"Cache-Control": "no-store"})
    groups = [(title, [one for one in found if one["what"] == what]) for what, title in GROUPS]
    shown = {"text": text, "groups": [one for one in groups if one[1]], "total": len(found), "most": SHOWN}
    return render(request, "search.html", shown)


@router.get("/search/suggest")
def suggest(request: Request) -> Response:
    """The first hits as a short list, for who is typing."""
    text = _plain(asked(request, "q")["q"])
    found: Sequence[Record] = ()
    if len(text) >= SHORTEST:
        with reading(request).connection() as conn:
            found = rows(request, conn, "search", text=text, limit=str(SUGGESTED))
    return render(request, "suggestions.html", {"text": text, "found": [(one, address(one)) for one in found]})


def _plain(text: str) -> str:
    """What can be searched for: one line, not longer than any name."""
    return "".join(one if one.isprintable() else " " for one in text).strip()[:LONGEST]


def is_exact(row: Record, text: str) -> bool:
    """Whether the hit is called exactly so: by its ticker (with or without its venue), code, identifier or name."""
    wanted = " ".join(text.upper().split())
    ticker, name = str(row["ticker"] or "").upper(), str(row["name"]).upper()
    code = str(row["why"]).partition(" ")[2].upper()
    called = {ticker, ticker.partition(" ")[0], name, str(row["security"] or "").upper()}
    if not str(row["why"]).startswith("name "):
        called |= {code, code.lstrip("0")}
        if len(wanted) == 12:  # an American ISIN around a CUSIP
            called |= {wanted} if wanted[2:11] == code else set()
    if row["what"] == "issuer":
        called.add(str(row["issuer"]).upper())
    if row["what"] == "fund":
        called.add(f"{row['issuer']}/{row['fund']}".upper())
    return wanted in called - {""}


def address(row: Record) -> str:
    """The page of a hit."""
    if row["what"] == "fund":
        return fund_url(row["issuer"], row["fund"])
    return issuer_url(row["issuer"]) if row["what"] == "issuer" else security_url(row["security"])
