"""An invented issuer on a loopback server: its files, its source, and how its addresses answer."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

Handler = Callable[[Request], Response]

CSV_HEAD = "Date,Account,Name,Ticker,CUSIP,Shares,Value,Weight\n"
ROWS = (
    ("Amber Kilns", "AMBR", "00846U101"),
    ("Birch Foundry", "BIRF", "01609W102"),
    ("Cobalt Ferries", "CBLF", "02079K305"),
)
SHELL = "<!DOCTYPE html><html><head><title>Willow Funds</title></head><body><div id=root></div>{}</body></html>"

SOURCE = """
id = "willow"
name = "Willow"
shape = "{shape}"
currency = "USD"
calendar = "XNYS"
weight_unit = "percent"
date_format = "YYYY-MM-DD"
{top}
[http]
min_interval_seconds = 0
{http}
[sniff]
{sniff}
[columns]
required = ["name", "shares"]
date = ["date"]
fund = ["account"]
name = ["name"]
ticker = ["ticker"]
identifier = ["cusip"]
shares = ["shares"]
value = ["value"]
weight = ["weight"]
[[formats]]
columns = {columns}
[[conventions]]
convention = "CLOSE"
"""
FUND = """
[[funds]]
ticker = "{ticker}"
name = "Willow {ticker}"
kind = "active"
keys = {{ number = "{number}" }}
"""


def rows(fund: str, day: date, *, shares: int = 1000) -> list[dict[str, object]]:
    """Invented holdings of a fund."""
    return [
        {"date": str(day), "account": fund, "name": name, "ticker": ticker, "cusip": cusip,
         "shares": shares + 100 * at, "value": 10 * (shares + 100 * at), "weight": 30.5 + at}
        for at, (name, ticker, cusip) in enumerate(ROWS)
    ]  # fmt: skip


def csv(*funds: str, day: date, shares: int = 1000) -> bytes:
    """A file of these funds."""
    lines = [",".join(map(str, row.values())) for fund in funds for row in rows(fund, day, shares=shares)]
    return (CSV_HEAD + "\n".join(lines) + "\n").encode()


class Issuer:
    """Serves what a test says on this machine, and writes the source that knows of it."""

    def __init__(self, server: HTTPServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.handlers: dict[str, Handler] = {}
        server.expect_request(re.compile("")).respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        handler = self.handlers.get(request.path)
        return Response(page("Nothing here"), 404) if handler is None else handler(request)

    def url(self, path: str) -> str:
        """Where `path` is, with what it leaves open."""
        return self.server.url_for("/") + path.lstrip("/")

    def asked(self, path: str = "") -> list[Request]:
        """The requests so far, of `path` or all."""
        return [request for request, _ in self.server.log if path in ("", request.path)]

    def answers(self, path: str, handler: Handler) -> None:
        """From now on `path` is answered by `handler`."""
        self.handlers[path] = handler

    def serves(self, path: str, body: bytes, kind: str = "text/csv", **headers: str) -> None:
        """From now on `path` answers with `body`, and with 304 who holds it already."""
        etag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'

        def answer(request: Request) -> Response:
            known = request.headers.get("If-None-Match") == etag
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return Response(b"" if known else body, 304 if known else 200, {"ETag": etag, **named}, content_type=kind)

        self.answers(path, answer)

    def source(
        self,
        path: str,
        *,
        funds: Iterable[str] = ("WILO",),
        http: str = "",
        sniff: str = "",
        top: str = "",
        shape: str = "delimited",
        columns: Iterable[str] = ("date", "account", "name", "ticker", "cusip", "shares", "value", "weight"),
        page: str = "",
    ) -> None:
        """Makes the command line know this issuer, whose files are at `path`."""
        top += f'\nurls = [{{ url = "{self.url(path)}" }}]\n' + (f'page = "{self.url(page)}"\n' if page else "")
        text = SOURCE.format(shape=shape, top=top, http=http, sniff=sniff, columns=json.dumps(list(columns)))
        text += "".join(FUND.format(ticker=one, number=at) for at, one in enumerate(funds, start=101))
        (self.folder / "issuers").mkdir(exist_ok=True)
        (self.folder / "issuers" / "willow.toml").write_text(text, encoding="utf-8")
        settings = '[[watch]]\nissuer = "willow"\n[issuers.willow]\nallow_private = true\n'
        (self.folder / "monitor.toml").write_text(settings, encoding="utf-8")


def page(*parts: str) -> bytes:
    """A page of the issuer's site."""
    return SHELL.format("".join(parts)).encode()
