"""Decides from the bytes alone whether a body may be a holdings file, and makes text of it.

It reads no cells: a body that passes may still turn out to hold no table.
"""

from __future__ import annotations

import codecs
import html
import re

from monitor.core.errors import ParseError
from monitor.sources.forms import Shape
from monitor.sources.spec import Source

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_CONTROL_BYTES = bytes([*range(0x09), *range(0x0E, 0x20)])
_TITLE = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_MAGIC = {
    b"PK": "a zip archive or workbook",
    b"\x1f\x8b": "gzip data",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Office file",
}
_CHARSET = re.compile(rb"""charset\s*=\s*["']?([A-Za-z0-9_-]{2,20})""", re.IGNORECASE)
_ENCODINGS = {
    "cp949": ("euc-kr", "ks-c-5601-1987", "cp949", "ms949"),
    "big5hkscs": ("big5", "big5-hkscs", "cp950"),
    "gb18030": ("gb2312", "gbk", "gb18030"),
    "cp932": ("shift-jis", "sjis", "cp932", "windows-31j"),
    "euc-jp": ("euc-jp",),
    "cp1250": ("windows-1250", "iso-8859-2"),
}
HTML_STARTS = ("<",)
JSON_STARTS = ("{", "[")
CONFLICT = "<<<<<<< "  # a merge conflict in an archive of files: no web page
BEGINNING = 2_000  # characters in which the first words of a file must stand
ERROR_PAGE_LENGTH = 500  # longer bodies are not judged by a phrase they happen to contain


def text_of(body: bytes, source: Source) -> tuple[str, str]:
    """The text of `body` and the encoding used. Raises ParseError when it cannot be a holdings file.

    Codes: empty, size, binary, encoding, html, json, error-page.
    """
    if len(body) > source.http.max_bytes:
        raise ParseError(f"{len(body)} bytes, more than the limit of {source.http.max_bytes}", code="size")
    text, encoding = decoded(body)
    text = text.lstrip("\ufeff")
    start = text.lstrip(' \t\r\n\x0b\x0c"\u00a0')  # error pages were saved with quotes around each line
    if not start:
        raise ParseError(f"the body is empty ({len(body)} bytes)", code="empty")
    _refuse_pages(start, source)
    _refuse_others(text, start, source)
    _refuse_controls(text)
    return text, encoding


def refuse_detour(source: Source, url: str) -> None:
    """Raises ParseError(code="html") when an answer came from where this issuer sends who asks for what is gone."""
    if any(one.search(url) for one in source.sniff.redirects_to):
        raise ParseError(f"led to {url}, where this issuer sends those who ask for what is gone", code="html")


def _refuse_others(text: str, start: str, source: Source) -> None:
    """Refuses what lacks the marks of this issuer's files."""
    wanted = source.sniff.must_start
    if wanted and not any(one[:BEGINNING].lstrip().casefold().startswith(wanted) for one in (text, start)):
        raise ParseError(f"begins with {start[:60]!r}, as no file of {source.id} does", code="error-page")
    folded = text.casefold() if source.sniff.must_contain else ""
    if missing := [one for one in source.sniff.must_contain if one not in folded]:
        raise ParseError(f"does not say {missing[0]!r}, as every file of {source.id} does", code="error-page")


def _refuse_controls(text: str) -> None:
    raw = text.encode("utf-8", "replace")
    if len(raw.translate(None, _CONTROL_BYTES)) == len(raw):  # ten times faster than searching
        return
    if found := _CONTROL.search(text):
        raise ParseError(f"control character {found.group()!r} at position {found.start()}", code="binary")


def decoded(body: bytes) -> tuple[str, str]:
    """The text of `body` and the encoding used. Raises ParseError (binary, encoding)."""
    for magic, what in _MAGIC.items():
        if body.startswith(magic):
            raise ParseError(f"the body is {what}, not a table of text", code="binary")
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strict(body, "utf-16"), "utf-16"
    if b"\0" in body:
        encoding = _utf16_without_mark(body)
        return _strict(body, encoding), encoding
    try:
        return body.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        encoding = _declared(body)
        return _strict(body, encoding), encoding


def _declared(body: bytes) -> str:
    """The encoding a web page says it is written in, where it is one of those below; else the usual guess."""
    found = _CHARSET.search(body[:4000]) if body.lstrip()[:1] == b"<" else None
    said = found[1].decode("ascii").casefold().replace("_", "-") if found else ""
    return next((encoding for encoding, names in _ENCODINGS.items() if said in names), "cp1252")


def _strict(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        raise ParseError(f"byte {error.start} is not text in {encoding}", code="encoding") from None


def _utf16_without_mark(body: bytes) -> str:
    head = body[:400]
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(body) % 2 == 0 and zeros and zeros.count(0) >= 0.9 * len(zeros):
            return encoding
    raise ParseError(f"a zero byte at position {body.index(0)}: not a table of text", code="binary")


def _refuse_pages(start: str, source: Source) -> None:
    wanted = (
        CONFLICT,
        *(JSON_STARTS if Shape.JSON in source.shapes else ()),
        *(HTML_STARTS if source.has_pages else ()),
    )
    if start.startswith(source.sniff.refuse_first) and not start.startswith(wanted):
        if start.startswith(HTML_STARTS):
            title = page_title(start)
            raise ParseError(f"a web page, not a table{f' (title: {title})' if title else ''}", code="html")
        if start.startswith(JSON_STARTS):
            raise ParseError(f"a JSON answer, not a table: {start[:80]!r}", code="json")
        raise ParseError(f"begins with {start[0]!r}, as no holdings file does", code="error-page")
    if len(start) <= ERROR_PAGE_LENGTH:
        folded = start.casefold()
        for text in source.sniff.error_texts:
            if text in folded:
                raise ParseError(f"a known error page: {start.strip()[:80]!r}", code="error-page")


def page_title(page: str) -> str:
    """The title or first heading of a web page, "" when it has none."""
    found = _TITLE.search(page[:100_000])
    if found is None:
        return ""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", found.group(2))).replace('"', " ").split())[:100]
