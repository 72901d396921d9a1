"""Takes out of a web page the data it carries: in a script, in pieces pushed while it loads, in a link that is a file.

The outcome is text, JSON or delimited, for the shape that reads it. Nothing is run and nothing is fetched.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from monitor.core.errors import ParseError
from monitor.sources.js_values import json_of
from monitor.sources.page_forms import Embedded, Within
from monitor.sources.sniff import page_title

TRIED = 50  # places of a variable that are looked at
PIECES = 20_000
DEEPEST = 200
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.IGNORECASE | re.DOTALL)
_LINK = re.compile(r"<a\b([^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_PUSH = re.compile(r"self\.__next_f\.push\(\s*(?=\[)")


@dataclass(frozen=True, slots=True)
class Found:
    """The text of the data, and what the page calls it: the name a link offers for its file."""

    text: str
    name: str = ""


def data_of(page: str, where: Embedded) -> Found:
    """The data of `page`. Raises ParseError(html) when it is not where it should be, (json) when it cannot be read."""
    if where.within is Within.LINK:
        found = next(_links(page, where), None)
    elif where.within is Within.STREAM:
        found = _with_key(_streamed(page), where.key)
    elif where.within is Within.VARIABLE:
        found = _with_key(_assigned(page, where.name), where.key)
    else:
        found = _with_key(_scripts(page, where.name), where.key)
    if found is None:
        title = page_title(page)
        words = f"a web page without {_told(where)}{f' (title: {title})' if title else ''}"
        raise ParseError(words, code="html")
    return found


def _told(where: Embedded) -> str:
    what = {
        Within.SCRIPT: f"the script {where.name}",
        Within.VARIABLE: f"the data {where.name}",
        Within.STREAM: "the pushed data",
        Within.LINK: "a link to the file of holdings",
    }[where.within]
    return f"{what} that holds {where.key}" if where.key else what


def _attributes(tag: str) -> dict[str, str]:
    return {name.casefold(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(tag[:2_000_000])}


def _links(page: str, where: Embedded) -> Iterator[Found]:
    for tag in _LINK.finditer(page):
        if "data:" not in tag[1]:
            continue
        said = _attributes(tag[1])
        name, address = said.get("download", ""), said.get("href", "")
        if not address.startswith("data:") or (where.link is not None and not where.link.search(name)):
            continue
        head, _, body = address[len("data:") :].partition(",")
        try:
            raw = base64.b64decode(unquote_to_bytes(body)) if head.endswith(";base64") else unquote_to_bytes(body)
        except (binascii.Error, ValueError):
            continue
        yield Found(raw.decode("utf-8-sig", "replace"), name)


def _scripts(page: str, name: str) -> Iterator[str]:
    for attributes, text in _SCRIPT.findall(page):
        said = _attributes(attributes)
        if name in (said.get("id"), said.get("type")):
            yield text.strip()


def _assigned(page: str, name: str) -> Iterator[str]:
    """The values given to the name, as JSON: `name = {…}`, `a.name={…}`, `"name": […]`, `name({…})`."""
    place = re.compile(rf"""(?<![\w$]){re.escape(name)}["']?\s*[=:(]\s*(?=[{{\[])""")
    for number, found in enumerate(place.finditer(page)):
        if number >= TRIED:
            return
        try:
            yield json_of(page, found.end())
        except ValueError:
            continue


def _streamed(page: str) -> Iterator[str]:
    """The rows of the stream: each has a number, a colon and JSON."""
    pieces: list[str] = []
    for number, found in enumerate(_PUSH.finditer(page)):
        if number >= PIECES:
            raise ParseError(f"more than {PIECES} pieces of pushed data", code="size")
        try:
            piece = json.loads(json_of(page, found.end()))
        except (ValueError, RecursionError):
            continue
        if isinstance(piece, list) and len(piece) > 1 and isinstance(piece[1], str):
            pieces.append(piece[1])
    for row in re.split(r"\n(?=[0-9a-f]+:)", "".join(pieces)):
        yield row.partition(":")[2].strip()


def _with_key(texts: Iterator[str], key: str) -> Found | None:
    """The first text, or the first object with `key` in any of them, as JSON."""
    for text in texts:
        if not key:
            return Found(text)
        if f'"{key}"' not in text:
            continue
        try:
            held = _holder(json.loads(text, parse_float=str, parse_int=str), key)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"the JSON in the page cannot be read: {str(error)[:100]}", code="json") from None
        if held is not None:
            return Found(json.dumps(held, ensure_ascii=False))
    return None


def _holder(value: object, key: str) -> dict[str, object] | None:
    """The first object that has a list or an object under `key`, from the outside in."""
    level: list[object] = [value]
    for _ in range(DEEPEST):
        for one in level:
            if isinstance(one, dict) and isinstance(one.get(key), list | dict):
                return one
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            break
    return None
