"""What is asked for one fund and day: the address and the manners of its server, with nothing left open.

It asks nobody. What is asked for several funds alike is equal, so that one download can serve them all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from monitor.core.errors import FetchError
from monitor.sources.addresses import safe_url
from monitor.sources.paging import with_query
from monitor.sources.profile import HttpProfile, Method, Pairs
from monitor.sources.spec import DATED, PLACEHOLDER, FundSpec, Source, Url

DAY = timedelta(days=1)
LATER = "token"  # what a page says before the file is asked for


@dataclass(frozen=True, slots=True)
class Request:
    """One download. `place` is how it is shown and remembered: the address without secrets, and the day where the
    address as shown does not tell it."""

    url: str
    place: str
    profile: HttpProfile


def is_dated(source: Source, address: Url) -> bool:
    """Whether every session is asked for by itself, be it in the address, in what is sent to it or by the link."""
    profile = source.http
    pairs = (*profile.form, *profile.query)
    return (
        address.dated
        or any(DATED.search(text) for text in (profile.json, *(value for _, value in pairs)))
        or has_dated_links(source)
    )


def has_dated_links(source: Source) -> bool:
    """Whether the page of a fund links to the file of each session: no link, no file of that day."""
    return any(DATED.search(link.pattern) for link in source.http.links)


def request_of(source: Source, fund: FundSpec, address: Url, day: date) -> Request:
    """What to ask for the file of `fund` of `day`. Raises FetchError when the fund has no key that it takes."""
    url, profile = _open_nothing(source, fund, address, day)
    place = safe_url(url)
    if is_dated(source, address) and place == safe_url(_open_nothing(source, fund, address, day + DAY)[0]):
        place += f"#{day}"
    return Request(url, place, profile)


def _open_nothing(source: Source, fund: FundSpec, address: Url, day: date) -> tuple[str, HttpProfile]:
    """Address and profile with what belongs to the fund and the day."""
    known = {**fund.keys, "T": fund.ticker, "t": fund.ticker.lower(), LATER: f"{{{LATER}}}"}
    fill = _Fill(known, fund.ticker, day)
    url, profile = fill.all(address.url), _filled(source.http, fill)
    if not profile.links:  # else it belongs to the address the links lead to
        url = with_query(url, tuple(pair for pair in profile.query if LATER not in pair[1]))
        profile = replace(profile, query=tuple(pair for pair in profile.query if LATER in pair[1]))
    return url, profile


def page_profile(profile: HttpProfile) -> HttpProfile:
    """How a page of the issuer is asked for: as the file, but for what belongs to the file alone."""
    return replace(
        profile, referer="", query=(), method=Method.GET, form=(), json="", before="", token=None, links=(), pages=None
    )


def _filled(profile: HttpProfile, fill: _Fill) -> HttpProfile:
    return replace(
        profile,
        headers=fill.pairs(profile.headers),
        referer=fill.all(profile.referer),
        query=fill.pairs(profile.query),
        form=fill.pairs(profile.form),
        json=fill.known(profile.json),
        before=fill.all(profile.before),
        links=tuple(replace(one, pattern=fill.known(one.pattern, escape=True)) for one in profile.links),
    )


@dataclass(frozen=True, slots=True)
class _Fill:
    """Fills in what texts leave open."""

    values: Mapping[str, str]
    fund: str
    day: date

    def all(self, text: str) -> str:
        """The text with nothing left open."""
        for name in PLACEHOLDER.findall(text):
            if name not in self.values:
                raise FetchError(f"{self.fund} has no key {name!r}, which its address takes", url="", retry=False)
        return self.known(text)

    def known(self, text: str, *, escape: bool = False) -> str:
        """The text with what is known filled in: the braces of JSON and of regular expressions stay."""

        def value(found: re.Match[str]) -> str:
            said = self.values.get(found[1])
            return found[0] if said is None else re.escape(said) if escape else said

        return PLACEHOLDER.sub(value, Url(text).on(self.day))

    def pairs(self, pairs: Pairs) -> Pairs:
        """The values of all pairs, filled in."""
        return tuple((name, self.all(value)) for name, value in pairs)
