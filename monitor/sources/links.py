"""The addresses on a page, and which of them leads to the file. A page may be anybody's: it is text of bounded size.

Nothing is asked here. Only addresses that may be followed come out: encrypted, or on the same machine as the page.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from monitor.sources.addresses import safe_url
from monitor.sources.cells import day_in_name
from monitor.sources.exchange import plain_name
from monitor.sources.profile import Choice, Link

MOST_TEXT = 5_000_000  # characters of a page that are looked at
LONGEST = 500  # characters of an address
WORDS = 50_000  # that may be addresses, looked at most
_BETWEEN = re.compile(r"[\"'`\s<>()\\]+")
_ESCAPED = (("\\/", "/"), ("\\u002F", "/"), ("\\u002f", "/"), ("\\u0026", "&"))
_TAG = re.compile(r"<a(?=\s)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\s{0,99}/?\s{0,99}([a-zA-Z][\w:-]*)(?:\s{0,99}=\s{0,99}(\"[^\"]*\"|'[^']*'|[^\s>\"']+))?")


@dataclass(frozen=True, slots=True)
class Found:
    """An address on a page, whole, and the name the page gives its file."""

    url: str
    name: str = ""

    @property
    def is_data(self) -> bool:
        """Whether the file stands in the address itself."""
        return self.url[:5].lower() == "data:"


def find(text: str, page: str, link: Link) -> Found | None:
    """The address on the page at `page` that `link` means, or None. Its pattern has been filled in."""
    pattern = re.compile(link.pattern)
    fitting = (found for found in _candidates(text[:MOST_TEXT], page) if _fits(found, pattern))
    if link.choose is Choice.FIRST:
        return next(fitting, None)
    return max(fitting, key=_day, default=None)


def unpacked(url: str, limit: int) -> bytes | None:
    """The bytes in a `data:` address; None when they are more than `limit`, or damaged."""
    head, comma, content = url.partition(",")
    if not comma or len(content) > 4 * limit:
        return None
    body = unquote_to_bytes(content)
    if head.lower().endswith(";base64"):
        try:
            body = base64.b64decode(body, validate=False)
        except (binascii.Error, ValueError):
            return None
    return body if len(body) <= limit else None


def words(text: str, page: str, part: str = "/") -> Iterator[str]:
    """Every address in links or scripts that contains `part` (small letters), whole, each once."""
    for written, meant in _ESCAPED:
        text = text.replace(written, meant)
    seen: set[str] = set()
    likely = (word for word in _BETWEEN.split(text) if len(word) <= LONGEST and part in word.lower())
    for word in islice(dict.fromkeys(likely), WORDS):
        found = _whole(word.removeprefix("href="), page)
        if found and found not in seen:
            seen.add(found)
            yield found


def may_be_proposed(url: str, page: str) -> bool:
    """As `may_be_followed`, and nothing in it that must not be shown."""
    return may_be_followed(url, page) and safe_url(url) == url


def may_be_followed(url: str, page: str) -> bool:
    """Encrypted, or the same machine as the page; nothing that hides a user."""
    try:
        parts, home = urlsplit(url), urlsplit(page)
        same = (parts.scheme, parts.hostname, parts.port) == (home.scheme, home.hostname, home.port)
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and not set('"\\^`{|}') & set(url)
    return plain and parts.username is None and (same or parts.scheme == "https")


def _candidates(text: str, page: str) -> Iterator[Found]:
    """The links of the page in their order, then whatever else looks like an address."""
    for tag in islice(_TAG.finditer(text), WORDS):
        attributes = _attributes(text, tag.end())
        target = attributes.get("href", "")
        name = plain_name(attributes.get("download", ""))
        if target[:5].lower() == "data:":
            yield Found(target, name)
        elif (whole := _whole(target, page)) and may_be_followed(whole, page):
            yield Found(whole, name)
    for whole in words(text, page):
        if may_be_followed(whole, page):
            yield Found(whole)


def _attributes(text: str, at: int) -> dict[str, str]:
    """The attributes of the tag that goes on at `at`."""
    found: dict[str, str] = {}
    while (one := _ATTRIBUTE.match(text, at)) is not None and one.end() > at:
        value = one[2] or ""
        found.setdefault(one[1].lower(), html.unescape(value[1:-1] if value[:1] in ("'", '"') else value))
        at = one.end()
    return found


def _whole(word: str, page: str) -> str:
    """The whole address of a link, "" for what is none."""
    if not word or len(word) > LONGEST:
        return ""
    try:
        return urljoin(page, html.unescape(word).strip().partition("#")[0])
    except ValueError:
        return ""


def _fits(found: Found, pattern: re.Pattern[str]) -> bool:
    return pattern.search(found.name if found.is_data else found.url) is not None


def _day(found: Found) -> date:
    """The date in the name of the file; long ago when there is none."""
    name = found.name or urlsplit(found.url).path.rpartition("/")[2]
    return day_in_name(name) or date.min
