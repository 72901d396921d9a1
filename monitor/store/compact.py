"""The documents of events and items in few bytes: what a row's columns say is left out of them and put back in.

Filters and views need most of what a document says in columns. The pieces of JSON that can be made of those are
replaced by marks (control characters, which JSON never holds), and the rest is deflated with a dictionary of our usual
words. A piece that is not to the byte what its columns would give stays as it is. It knows no database.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import NamedTuple

from monitor.core.errors import StoreError
from monitor.store.claim_text import grouped
from monitor.store.dictionary import DICTIONARY
from monitor.store.said import EXACT, Number, Read, Said, day_number, day_text, instant

WHOLE, MARKED = b"\0", b"\1"  # the first byte of a packed document: how it is to be read
LARGEST = 16 * 1024 * 1024  # bytes of a document; ours have a few thousand
WINDOW = -13  # raw deflate over 8 KiB: the dictionary and a document
CONTROL = re.compile("[\\x00-\\x1f]")

File = tuple[str, int, int]  # fund, days since 1970, number of the version of that date
VersionOf = Callable[[str, int, str], int | None]  # the number of a fund's file, by its day and hash
Sha256Of = Callable[[File], str]

EVIDENCE, HEADLINE = "\x06", "\x1a"  # these two say more behind them, up to a semicolon
PART, NAME = "\x0b", "\x0f"
_FIGURES = re.compile("[-0-9~;]+")  # a name that could stand in there; the other pieces have letters, commas or quotes
_EVIDENCE = re.compile(r'\{"fund":"([^"\\]*)","as_of":("\d{4}-\d\d-\d\d"),"sha256":"([0-9a-f]{64})","line":')
_HEADLINE = re.compile(r'"headline":("[^"\\]*+(?:\\.[^"\\]*+)*+"),"caveat":("[^"\\]*+(?:\\.[^"\\]*+)*+"),')
_FILES = re.compile(r"\x06(\d+)~(-?\d+)(?:~(\d+))?;")
_MARKS = re.compile(_FILES.pattern + r"|\x1a(\d+);|[\x01-\x1f]")
_CODES = ("cusip", "isin", "sedol", "figi")


def shrink(document: Read, version_of: VersionOf) -> bytes | None:
    """A document packed; None where it is not like ours, or its columns would give something else. `version_of` gives
    None for what is no file of the fund."""
    said, rest, head = document.said, document.rest, _short_head(document)
    if rest is None or head is None or CONTROL.search(document.head) or CONTROL.search(rest):
        return None
    if not all(map(comes_back, (said.before, said.after, said.active, said.weight_before, said.weight_after))):
        return None

    def evidence(found: re.Match[str]) -> str:
        day = day_number(found[2]) or 0
        version = version_of(found[1], day, found[3])
        if version is None or found[1] not in said.funds:
            return found[0]
        return evidence_mark(said.funds.index(found[1]), said.as_of - day, version)

    rest = _EVIDENCE.sub(evidence, rest)
    if said.level == "item":
        rest = _HEADLINE.sub(lambda found: _headline(found, said), rest, 1)
    for mark, piece in _part(said).items():
        rest = rest.replace(piece, mark)
    return packed(said, head, rest)


def packed(said: Said, head: str, rest: str) -> bytes:
    """A document whose head, files and part are marks already; `rest` begins with its evidence."""
    pieces = _pieces(said)
    if _FIGURES.fullmatch(said.name):
        pieces.pop(NAME, None)
    for mark, piece in pieces.items():
        rest = rest.replace(piece, mark)
    return MARKED + (_deflate_event if said.level == "event" else _deflate)(head + rest)


def whole(text: str) -> bytes:
    """A document packed by itself: it needs no columns to be read."""
    packing = zlib.compressobj(6, zlib.DEFLATED, WINDOW)
    return WHOLE + packing.compress(text.encode()) + packing.flush()


class Opened(NamedTuple):
    """A document unpacked: as people read it, or with marks."""

    text: str
    is_whole: bool


def opened(packed: bytes, said: Said) -> Opened:
    """A document unpacked. Raises StoreError when the bytes are damaged."""
    if packed[:1] == WHOLE:
        return Opened(_inflate(packed[1:], zlib.decompressobj(WINDOW)), True)
    if packed[:1] != MARKED:
        raise StoreError(f"The document {said.id} is packed in a way this program does not know.")
    return Opened(_inflate(packed[1:], _UNPACKING.copy()), False)


def grow(document: Opened, said: Said, sha256_of: Sha256Of) -> str:
    """The document, to the byte. `sha256_of` gives the hash of a file that it speaks of, see `files_of`.

    Raises StoreError when it is damaged.
    """
    if document.is_whole:
        return document.text
    pieces = _head(said) | _part(said) | _pieces(said)

    def put_back(found: re.Match[str]) -> str:
        mark = found[0][0]
        if mark == EVIDENCE:
            fund, day, version = _file(found, said)
            sha256 = sha256_of((fund, day, version))
            return f'{{"fund":{quoted(fund)},"as_of":"{day_text(day)}","sha256":"{sha256}","line":'
        if mark == HEADLINE:
            claim, at = quoted(said.claim)[1:-1], int(found[4])
            caveat = claim[at + 2 :]
            return f'"headline":"{claim[:at]}","caveat":"{caveat}",'
        return pieces[mark]

    try:
        return _MARKS.sub(put_back, document.text)
    except (KeyError, IndexError) as error:  # a mark of nothing, a file that is not there
        raise StoreError(f"The document {said.id} is damaged.") from error


def files_of(document: Opened, said: Said) -> list[File]:
    """The files whose hashes are needed to put a document together. Raises StoreError when it is damaged."""
    if document.is_whole:
        return []
    try:
        return [_file(found, said) for found in _FILES.finditer(document.text)]
    except IndexError as error:
        raise StoreError(f"The document {said.id} is damaged.") from error


def _file(found: re.Match[str], said: Said) -> File:
    return said.funds[int(found[1])], said.as_of - int(found[2]), int(found[3] or 0)


def _headline(found: re.Match[str], said: Said) -> str:
    headline, caveat = found[1], found[2]
    told = f"{headline[:-1]}. {caveat[1:]}" if caveat != '""' else headline
    return f"{HEADLINE}{len(headline) - 2};" if told == quoted(said.claim) else found[0]


# --- pieces --------------------------------------------------------------------------------------


def _short_head(document: Read) -> str | None:
    """The document up to its evidence in marks; None where its columns would give something else."""
    pieces = _head(document.said)
    codes, published, absence = document.codes, document.published, document.absence
    full = "".join((pieces["\1"], codes, pieces["\3"], published, pieces["\4"], absence, pieces["\5"]))
    if full != document.head:
        return None
    return head_marks("\2" if codes == pieces["\2"] else codes, published, absence)


def head_marks(codes: str, published: str, absence: str) -> str:
    """A document up to its evidence: what its columns do not say, between marks; `codes` may be one, too."""
    return f"\1{codes}\3{published}\4{absence}\5"


@lru_cache(4096)
def evidence_mark(fund: int, age: int, version: int) -> str:
    """What stands for a line of evidence up to its words: the place of its fund among those of the document, how many
    days its file is older than the document, the number of the file among those of its day."""
    return f"{EVIDENCE}{fund}~{age}{f'~{version}' if version else ''};"


def comes_back(amount: Number | None) -> bool:
    """Whether a column gives the same number again: large ones go through a double, whole ones come back as such."""
    return amount is None or (abs(amount) < EXACT and (isinstance(amount, int) or not amount.is_integer()))


@lru_cache(4096)
def codes_of(key: str) -> str:
    """What a document says of the identifiers of a security that is known by its key alone."""
    scheme, _, code = key.partition(":")
    return ",".join(f'"{one}":{quoted(code) if one == scheme else "null"}' for one in _CODES) + "}"


def _head(said: Said) -> dict[str, str]:
    value = "null" if said.value is None else repr(said.value / 100)
    return {
        "\1": f'{{"id":"{said.id}","level":"{said.level}","kind":"{said.kind}","issuer":{quoted(said.issuer)},'
        f'"funds":[{",".join(map(quoted, said.funds))}],'
        f'"security":{{"id":"{said.public}","name":{quoted(said.name)},"ticker":{_text(said.ticker)},',
        "\2": codes_of(said.key),
        "\3": f',"as_of":"{day_text(said.as_of)}","pos_session":{{"from":{_day(said.first)},"to":{_day(said.last)}}},'
        '"published":',
        "\4": f',"known_at":{_instant(said.known_at)},"shares_before":{_number(said.before)},'
        f'"shares_after":{_number(said.after)},"active_shares":{_number(said.active)},"value":{value},'
        f'"currency":{quoted(said.currency)},"weight_before":{weight_text(said.weight_before)},'
        f'"weight_after":{weight_text(said.weight_after)},"absence":',
        "\5": f',"claim":{quoted(said.claim)},"score":{said.score},"severity":"{said.severity}",'
        f'"confidence":"{said.confidence}","status":"current","evidence":[',
    }


def _part(said: Said) -> dict[str, str]:
    """The part of the only fund of an item, where it says what the item says."""
    if said.level != "item" or len(said.funds) != 1:
        return {}
    value = "null" if said.value is None else repr(said.value / 100)
    piece = (
        f'{{"fund":{quoted(said.funds[0])},"kind":"{said.kind}","shares_before":{_number(said.before)},'
        f'"shares_after":{_number(said.after)},"active_shares":{_number(said.active)},"value":{value},'
        f'"weight_after":{weight_text(said.weight_after)},"holds":{"true" if said.after else "false"},"note":""}}'
    )
    return {PART: piece}


def _pieces(said: Said) -> dict[str, str]:
    """Marks of what else comes after the head, the long pieces first."""
    found: dict[str, str] = {}
    before, after, active = said.before, said.after, said.active
    name, called = _called(said.name, said.ticker)
    if isinstance(before, int) and said.weight_before is not None:
        found["\7"] = f'"{called}{_signed(before)} shares, {weight_text(said.weight_before)} %"}}'
    if isinstance(after, int) and said.weight_after is not None:
        found["\x08"] = f'"{called}{_signed(after)} shares, {weight_text(said.weight_after)} %"}}'
    found["\x0c"] = called
    for mark, amount in (("\x10", before), ("\x11", after), ("\x12", active)):
        if isinstance(amount, int) and not -1000 < amount < 1000:
            found[mark] = grouped(amount)
    if len(name) > 3 and not name.isdecimal():
        found[NAME] = name
    return found


@lru_cache(4096)
def _called(name: str, ticker: str | None) -> tuple[str, str]:
    """A name within JSON, and how lines of evidence begin that print it."""
    written = quoted(name)[1:-1]
    return written, f"{written}, {quoted(ticker)[1:-1] if ticker else '-'}: "


def _signed(amount: int) -> str:
    return grouped(amount) if amount >= 0 else f"-{grouped(amount)}"


def _number(amount: Number | None) -> str:
    return "null" if amount is None else repr(amount)


@lru_cache(4096)
def weight_text(scaled: Number | None) -> str:
    """A weight in a document, of that in a column."""
    if scaled is None:
        return "null"
    weight = scaled / 10_000
    return repr(int(weight)) if weight.is_integer() else repr(weight)


def _text(text: str | None) -> str:
    return "null" if text is None else quoted(text)


def _day(day: int | None) -> str:
    return "null" if day is None else f'"{day_text(day)}"'


def _instant(at: int | None) -> str:
    return "null" if at is None else f'"{instant(at)}"'


# --- bytes -----------------------------------------------------------------------------------------


_PACKING = zlib.compressobj(6, zlib.DEFLATED, WINDOW, 5, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
_UNPACKING = zlib.decompressobj(WINDOW, DICTIONARY)


def _deflate(text: str) -> bytes:
    packing = _PACKING.copy()  # quicker than learning the dictionary anew
    return packing.compress(text.encode()) + packing.flush()


# Most events of a fund and a day leave the same: the flow between its two files.
_deflate_event = lru_cache(1024)(_deflate)


def _inflate(packed: bytes, unpacking: zlib._Decompress) -> str:
    try:
        text = unpacking.decompress(packed, LARGEST)
        if unpacking.unconsumed_tail or not unpacking.eof:
            raise StoreError("A document is cut off, or too large: the database is damaged.")
        return text.decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise StoreError("A document cannot be unpacked: the database is damaged.") from error
