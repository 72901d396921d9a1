"""Looks on an issuer's page for the address a fund's file may have now. It proposes; nobody switches by itself.

The page may be anybody's: it is text of bounded size, cut into words in linear time, and only addresses that may
be asked come out – few, and with a file name like that of the old one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import islice
from pathlib import PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

from monitor.core.errors import FetchError
from monitor.sources.addresses import check_url
from monitor.sources.fetch import Fetched, Fetcher
from monitor.sources.links import may_be_proposed, words
from monitor.sources.profile import HttpProfile
from monitor.sources.routes import page_profile
from monitor.sources.spec import FundSpec, Source

MOST_BYTES = 2_000_000
SECONDS = 15.0
CANDIDATES = 400  # addresses compared at most
PROPOSED = 3
LISTED = 8
FILES = frozenset({".csv", ".xls", ".xlsx", ".xlsm", ".ods", ".json", ".xml", ".txt", ".zip"})
ALIKE = 0.8  # of file names without the ticker
ALIKE_WITH_TICKER = 0.35
_WORD = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Page:
    """The text of a page and where it was found."""

    url: str
    text: str


def pages(source: Source, fund: FundSpec, address: str) -> list[str]:
    """Where the issuer may say where the file is: its pages, the folder of the file, what is there in its place."""
    folder = urljoin(address, ".") if address else ""
    return list(dict.fromkeys(one for one in (fund.page, source.homepage, folder, address) if one))


def fetch_page(fetcher: Fetcher, url: str, profile: HttpProfile) -> Page | None:
    """The page at `url`, or None when it cannot be had soon, or is large."""
    bounded = replace(
        page_profile(profile),
        headers=(("Accept", "text/html,*/*;q=0.5"),),
        max_bytes=MOST_BYTES,
        total_timeout=min(SECONDS, profile.total_timeout),
    )
    try:
        found = fetcher.fetch(url, bounded)
    except FetchError:
        return None
    return Page(url, found.body.decode("utf-8", "replace")) if isinstance(found, Fetched) else None


def proposals(page: Page, address: str, ticker: str, others: Iterable[str]) -> list[str]:
    """Addresses on the page whose file name is like that of `address`, best first; none of a fund in `others`."""
    siblings = frozenset(one.upper() for one in others) - {ticker.upper()}
    ranked: dict[str, float] = {}
    for found in _addresses(page, _ending(address)):
        if found == address or len(ranked) >= CANDIDATES:
            continue
        named = {word.upper() for word in _WORD.findall(_name(found))}
        if siblings & named or not may_be_proposed(found, page.url):
            continue
        alike = SequenceMatcher(None, _name(address).lower(), _name(found).lower(), autojunk=False).ratio()
        if alike >= (ALIKE_WITH_TICKER if ticker.upper() in named else ALIKE):
            ranked[found] = alike + (ticker.upper() in named)
    return sorted(ranked, key=lambda one: (-ranked[one], one))[:PROPOSED]


def files_on(page: Page) -> list[str]:
    """Addresses on the page that end as files of holdings do, the first few."""
    ends = (found for found in words(page.text[:MOST_BYTES], page.url) if _ending(found) in FILES)
    return list(islice((found for found in ends if may_be_proposed(found, page.url)), LISTED))


def allowed(found: Sequence[str], fetcher: Fetcher, profile: HttpProfile) -> tuple[str, ...]:
    """Those that may be asked: no link-local or metadata address, none on a private network unless allowed."""
    kept = []
    for url in found:
        try:
            private = fetcher.allow_private or profile.allow_private
            check_url(url, allow_private=private, resolve=fetcher.resolve)
        except FetchError:
            continue
        kept.append(url)
    return tuple(kept)


def _addresses(page: Page, ending: str) -> Iterator[str]:
    """Every address in the text, in links or scripts, that ends like the file we look for."""
    if ending:
        yield from (found for found in words(page.text[:MOST_BYTES], page.url, ending) if _ending(found) == ending)


def _name(url: str) -> str:
    return unquote(PurePosixPath(urlsplit(url).path).name)


def _ending(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).suffix.lower()
