"""How to ask an issuer for a file, and what is no file of his, as frozen values.

Texts of a profile may leave open what belongs to a fund and a day: `{T}`, `{t}`, a key of the fund, `{date:YYYYMMDD}`.
`routes` fills them in, `fetch` asks; nothing here does either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

Pairs = tuple[tuple[str, str], ...]  # names and values, in order


class Method(StrEnum):
    """How the file is asked for; pages on the way to it are always asked for with GET."""

    GET = "GET"
    POST = "POST"


class Tls(StrEnum):
    """What a secure connection must be able to do. Certificates are always verified."""

    MODERN = "modern"
    COMPATIBLE = "compatible"  # short keys, old ciphers and renegotiation, as old servers want them


class Choice(StrEnum):
    """Which of several links on a page is meant."""

    FIRST = "first"
    LATEST = "latest"  # the one with the latest date in its name


@dataclass(frozen=True, slots=True)
class Link:
    """A link on a page that must be followed to come to the file.

    `pattern` is a regular expression that is found in the whole address, or in the file name of a `data:` address.
    """

    pattern: str
    choose: Choice = Choice.FIRST


@dataclass(frozen=True, slots=True)
class Token:
    """What a page visited before the file must say: the first group of `pattern`. Elsewhere it stands as `{token}`."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Paging:
    """A JSON list that comes in pages, which are put together into one document.

    `rows` is the dotted path of the list. Either `next` is the dotted path of the next page's address, or `start` and
    `count` are parameters of the query: from which row (or, `by_page`, which page), the first being `first`, and how
    many (`size`). `total` is the dotted path of the number of rows there must be. No more than `most` pages are asked.
    """

    rows: str
    next: str = ""
    start: str = ""
    count: str = ""
    first: int = 1
    size: int = 500
    by_page: bool = False
    total: str = ""
    most: int = 40


@dataclass(frozen=True, slots=True)
class HttpProfile:
    """How to ask this issuer: headers, politeness and limits. Times in seconds, sizes in bytes.

    `before` is a page to be visited first, `cookies` keeps what pages of one download set, `links` lead from the fund's
    address to its file. `form` or `json` is the body of a POST. A refusal in `throttled` means "later": without a word
    of the server after `throttle_wait`. `total_timeout` bounds a whole download, waiting for our turn left out.
    """

    user_agent: str = "holdings-monitor"
    headers: Pairs = ()
    referer: str = ""
    query: Pairs = ()
    method: Method = Method.GET
    form: Pairs = ()
    json: str = ""
    cookies: bool = False
    before: str = ""
    token: Token | None = None
    links: tuple[Link, ...] = ()
    pages: Paging | None = None
    tls: Tls = Tls.MODERN
    throttled: frozenset[int] = frozenset()
    throttle_wait: float = 15.0
    min_interval: float = 2.0
    jitter: float = 0.0  # up to so much longer than `min_interval`
    connect_timeout: float = 10.0
    read_timeout: float = 20.0
    total_timeout: float = 60.0
    max_bytes: int = 5_000_000
    allow_private: bool = False  # may it be on a private network? Only the configuration says so, no source file


@dataclass(frozen=True, slots=True)
class Sniff:
    """What a holdings file never looks like: its first characters, texts known as error pages, pages led to instead.

    Where sessions have addresses of their own, one of the texts `absent` (small letters) anywhere in the body, a
    refusal of one of the kinds `absent_codes` and a status in `absent_status` mean that there is no file of that day.
    """

    refuse_first: tuple[str, ...] = ("<", "{", "[")
    error_texts: tuple[str, ...] = ()
    must_start: tuple[str, ...] = ()  # small letters; one of them begins every file
    must_contain: tuple[str, ...] = ()  # small letters; each stands in every file
    redirects_to: tuple[re.Pattern[str], ...] = ()  # found in the address of an answer that is no file
    absent: tuple[str, ...] = ()
    absent_codes: tuple[str, ...] = ()
    absent_status: frozenset[int] = frozenset()
