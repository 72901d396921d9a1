"""Ways in which a published file goes wrong. Each takes a random source and the bytes, and gives other bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from random import Random

Mutation = Callable[[Random, bytes], bytes]
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sorry</title></head><body>"
ENTITY_BOMB = b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "' + b"lol" * 50 + b'">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + at, b"&%c;" % (97 + at) * 10) for at in range(9)
) + b"]><b>&j;</b>"  # fmt: skip
NUMBER = re.compile(rb"\d[\d,.]*")
DATE = re.compile(rb"\d{1,4}[-/]\d{1,2}[-/]\d{1,4}")


def cut(random: Random, body: bytes) -> bytes:
    """Cut at any byte."""
    return body[: random.randrange(len(body) + 1)]


def cut_in_front(random: Random, body: bytes) -> bytes:
    """Begins at any byte."""
    return body[random.randrange(len(body) + 1) :]


def flip(random: Random, body: bytes) -> bytes:
    """Some bits are others."""
    changed = bytearray(body)
    for _ in range(random.choice((1, 1, 2, 8, 64))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def noise(random: Random, body: bytes) -> bytes:
    """A piece of it is replaced by anything."""
    at = random.randrange(len(body) + 1)
    return body[:at] + random.randbytes(random.choice((1, 4, 100))) + body[at + random.randrange(50) :]


def lines_doubled(random: Random, body: bytes) -> bytes:
    """A run of lines stands there twice."""
    rows = body.splitlines(keepends=True)
    first = random.randrange(len(rows) + 1)
    last = random.randint(first, len(rows))
    return b"".join(rows[:last] + rows[first:])


def lines_lost(random: Random, body: bytes) -> bytes:
    """Lines are missing, the header perhaps among them."""
    rows = body.splitlines(keepends=True)
    return b"".join(row for row in rows if random.random() > 0.3)


def lines_shuffled(random: Random, body: bytes) -> bytes:
    """Lines in another order, the header perhaps last."""
    rows = body.splitlines(keepends=True)
    random.shuffle(rows)
    return b"".join(rows)


def ten_times(_random: Random, body: bytes) -> bytes:
    """Ten times as many rows."""
    head, *rows = body.splitlines(keepends=True) or [b""]
    return head + b"".join(rows * 10)


def _cells(body: bytes) -> list[list[bytes]]:
    return [row.split(b",") for row in body.splitlines()]


def columns_swapped(random: Random, body: bytes) -> bytes:
    """Two columns change places in every row but perhaps the header."""
    rows = _cells(body)
    width = max((len(row) for row in rows), default=0)
    one, other = random.randrange(width + 1), random.randrange(width + 1)
    for row in rows[random.randrange(2) :]:
        if max(one, other) < len(row):
            row[one], row[other] = row[other], row[one]
    return b"\n".join(b",".join(row) for row in rows)


def column_lost(random: Random, body: bytes) -> bytes:
    """One column is missing."""
    rows = _cells(body)
    at = random.randrange(12)
    return b"\n".join(b",".join(row[:at] + row[at + 1 :]) for row in rows)


def header_renamed(random: Random, body: bytes) -> bytes:
    """A name in the header is another."""
    head, _, rest = body.partition(b"\n")
    names = head.split(b",")
    names[random.randrange(len(names))] = random.choice((b"", b"Foo", b"shares", b"Datum", b"=1+1", b"\xff"))
    return b",".join(names) + b"\n" + rest


def header_only(_random: Random, body: bytes) -> bytes:
    """Nothing but the header."""
    return body.partition(b"\n")[0] + b"\n"


def encoded(random: Random, body: bytes) -> bytes:
    """In another encoding, with a mark or without."""
    text = body.decode("utf-8", "replace")
    name = random.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "big5", "euc-kr"))
    return text.encode(name, "replace")


def numbers(random: Random, body: bytes) -> bytes:
    """Some numbers are written in other ways, or are none."""
    odd: tuple[bytes, ...] = (
        b"NaN",
        b"inf",
        b"-Infinity",
        b"1e400",
        b"1E5",
        b"",
        b"-",
        b"0",
        b"(5)",
        b"1.234.567,89",
        b"1 234",
        b"#N/A",
    )
    odd += (b'"1,234,567"', b"9" * 40, b"0." + b"0" * 40 + b"1", b"-1", "１２３".encode(), "−5".encode())
    return NUMBER.sub(lambda found: random.choice(odd) if random.random() < 0.1 else found[0], body)


def weights(random: Random, body: bytes) -> bytes:
    """The last number of every line says 0, 1 or 9999."""
    told = random.choice((b"0", b"1", b"9999", b"-100", b"0%", b"100%"))
    return b"\n".join(re.sub(rb"\d[\d.]*%?(?=[^\d]*$)", told, row) for row in body.splitlines())


def dates(random: Random, body: bytes) -> bytes:
    """The dates are others, impossible ones among them."""
    odd = (b"2026-02-30", b"13/32/2026", b"1/1/0001", b"31/12/9999", b"2031-01-01", b"yesterday", b"", b"0000-00-00")
    new = random.choice(odd)
    all_of_them = random.random() < 0.5
    return DATE.sub(lambda found: new if all_of_them or random.random() < 0.2 else found[0], body)


def footer(random: Random, body: bytes) -> bytes:
    """Words below, or above."""
    words = random.choice((b"\nTotal,100%\n", b"\n\n\nThe holdings are subject to change.\n", b'\n"unclosed, quote\n'))
    return words + body if random.random() < 0.3 else body + words * random.choice((1, 30))


def formulas(random: Random, body: bytes) -> bytes:
    """Cells that a spreadsheet would execute."""
    odd = random.choice((b"=HYPERLINK(1)", b"@SUM(A1)", b"+cmd|' /C calc'!A0", b"-2+3", b"\t=1"))
    return re.sub(rb"[A-Z]{4,}", lambda found: odd if random.random() < 0.1 else found[0], body)


def quotes(random: Random, body: bytes) -> bytes:
    """Quotation marks, control characters and separators where none belong."""
    odd: tuple[bytes, ...] = (
        b'"',
        b'""',
        b"'",
        b"\0",
        b"\r",
        b"\n",
        b"\x1a",
        b"\x85",
        b";",
        b"\t",
        b",,,,",
        "\u2028".encode(),
        b"\\",
    )
    changed = body
    for _ in range(random.choice((1, 3, 10))):
        at = random.randrange(len(changed) + 1)
        changed = changed[:at] + random.choice(odd) + changed[at:]
    return changed


def page(random: Random, body: bytes) -> bytes:
    """A web page, alone or around the file."""
    return PAGE + random.choice((b"", body)) + b"</body></html>"


def json_like(random: Random, body: bytes) -> bytes:
    """JSON with other keys, deep nesting or huge numbers."""
    return random.choice((
        b"[" * 5000, b'{"data":' * 900 + b"1" + b"}" * 900, b'{"a":' + b"9" * 5000 + b"}", b"null", b"[]", b"{}",
        body.replace(b'"', b"", 1), body.replace(b":", b":[", 1), body.replace(b"null", b"NaN"),
    ))  # fmt: skip


def joined(random: Random, body: bytes) -> bytes:
    """The file twice, one way or another."""
    return body + random.choice((b"", b"\n", b"\n<<<<<<< HEAD\n", b"\n=======\n")) + body


def zipped(random: Random, body: bytes) -> bytes:
    """Packed, as a workbook's name would have it or not."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(random.choice(("holdings.csv", "xl/workbook.xml", "[Content_Types].xml")), body)
    return packed.getvalue()


ANY: tuple[Mutation, ...] = (
    cut, cut, cut, cut_in_front, flip, flip, noise, lines_doubled, lines_lost, lines_shuffled, ten_times,
    columns_swapped, column_lost, header_renamed, header_only, encoded, numbers, numbers, weights, dates, footer,
    formulas, quotes, page, json_like, joined,
)  # fmt: skip
OF_WORKBOOKS: tuple[Mutation, ...] = (cut, cut_in_front, flip, noise, joined, zipped)


def mutated(random: Random, body: bytes) -> bytes:
    """One or more things go wrong at once."""
    kinds = OF_WORKBOOKS if body.startswith(b"PK") else ANY
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        body = random.choice(kinds)(random, body) if body else body
    return body


def bombs(text: bytes, entry_of: bytes) -> dict[str, bytes]:
    """Files made to hurt: `text` is an honest delimited file, `entry_of` an honest workbook."""
    head, _, rest = text.partition(b"\n")
    row = rest.partition(b"\n")[0]
    return {
        "empty": b"",
        "a line of 100 MB": head + b"\n" + b"A" * 100_000_000,
        "a line of 4 MB": head + b"\n" + b"A" * 4_000_000,
        "a quote never closed": head + b'\n"' + b"x,\n" * 1_000_000,
        "two million commas": head + b"\n" + b"," * 2_000_000,
        "commas in the header": b"," * 500_000 + head + b"\n" + row,
        "short lines": head + b"\n" + b"\n" * 4_500_000,
        "many rows": head + b"\n" + (row + b"\n") * max(1, 4_500_000 // (len(row) + 1)),
        "only quotes": b'"' * 4_000_000,
        "digits": head + b"\n" + NUMBER.sub(b"9" * 20_000, row),
        "an XML entity bomb": ENTITY_BOMB,
        "a zip bomb": _bomb(entry_of, b"0" * 400_000_000),
        "a workbook of entities": _bomb(entry_of, ENTITY_BOMB),
        "a workbook of rows": _bomb(entry_of, _rows(1_500_000)),
        "deep JSON": b"[" * 2_000_000,
        "zeros": b"\0" * 4_000_000,
    }


def _bomb(workbook: bytes, sheet: bytes) -> bytes:
    """The workbook with its first sheet replaced."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        first = min(name for name in names if name.startswith("xl/worksheets/sheet"))
        for name in names:
            new.writestr(name, sheet if name == first else old.read(name))
    return packed.getvalue()


def _rows(count: int) -> bytes:
    rows = b'<row><c t="inlineStr"><is><t>x</t></is></c><c><v>1</v></c></row>' * count
    return b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + (
        b"<sheetData>" + rows + b"</sheetData></worksheet>"
    )
