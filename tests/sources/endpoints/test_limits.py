"""What a download of several requests may not do: reach where nobody may, carry secrets away, go on without end."""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from monitor.core.errors import FetchError
from monitor.sources.exchange import attachment
from monitor.sources.fetch import Fetched, Fetcher, Step
from monitor.sources.links import find, unpacked
from monitor.sources.loading import parse_source
from monitor.sources.profile import Choice, HttpProfile, Link, Method, Paging, Tls, Token
from monitor.sources.routes import request_of
from monitor.sources.spec import Url
from tests.sources.endpoints.issuer import FUND, SOURCE

QUICK = HttpProfile(min_interval=0, connect_timeout=30, read_timeout=30, total_timeout=60, max_bytes=10_000)
METADATA = "http://169.254.169.254/latest/meta-data/"


def fetch(url: str, profile: HttpProfile, made: Fetcher | None = None) -> Fetched:
    got = (made or Fetcher(allow_private=True, trust_env=False)).fetch(url, profile)
    assert isinstance(got, Fetched)
    return got


def refused(url: str, profile: HttpProfile, made: Fetcher | None = None) -> str:
    with pytest.raises(FetchError) as caught:
        fetch(url, profile, made)
    return str(caught.value)


def says(server: HTTPServer, path: str, body: str, **headers: str) -> str:
    """A page; its address."""
    server.expect_request(path).respond_with_data(body, headers={k.replace("_", "-"): v for k, v in headers.items()})
    return server.url_for(path)


# --- where it may lead ----------------------------------------------------------------------------


def test_no_link_page_before_or_next_page_reaches_metadata(httpserver: HTTPServer) -> None:
    page = says(httpserver, "/page", f'<a href="{METADATA.replace("http:", "https:")}holdings.csv">x</a>')
    assert "metadata" in refused(page, replace(QUICK, links=(Link("holdings"),)))
    assert "metadata" in refused(page, replace(QUICK, before=METADATA))
    json_page = says(httpserver, "/json", json.dumps({"rows": [1], "next": METADATA}))
    assert "another server" in refused(json_page, replace(QUICK, pages=Paging("rows", next="next")))


@pytest.mark.parametrize(
    "href",
    ["http://other.example/holdings.csv", "https://user:word@other.example/holdings.csv", "file:///holdings.csv"],
)
def test_links_are_followed_only_where_they_may_lead(href: str) -> None:
    text = f'<a href="{href}">x</a> "{href}"'
    assert find(text, "https://issuer.example/page", Link("holdings")) is None


def test_a_link_is_the_first_or_the_latest() -> None:
    text = "".join(f'<a href="/f_{day}.xls">' for day in (20261120, 20261124, 20261123))
    for choose, day in ((Choice.FIRST, "20261120"), (Choice.LATEST, "20261124")):
        found = find(text, "https://issuer.example/page", Link(r"\.xls$", choose))
        assert found is not None
        assert found.url == f"https://issuer.example/f_{day}.xls"


def test_a_page_of_tags_that_never_end_takes_no_time() -> None:
    for text in ("<a " * 400_000, "<a x='" * 300_000, "<a " + " " * 1_000_000, '<a href="' + "x" * 1_000_000):
        assert find(text, "https://issuer.example/page", Link("nothing-like-this")) is None


def test_a_data_address_is_bounded() -> None:
    assert unpacked("data:text/csv,a%2Cb", 10) == b"a,b"
    assert unpacked("data:text/csv;base64,YSxi", 10) == b"a,b"
    assert unpacked("data:text/csv," + "x" * 11, 10) is None
    assert unpacked("data:text/csv", 10) is None


# --- what it carries ------------------------------------------------------------------------------


def test_cookies_stay_with_their_host_and_their_download(httpserver: HTTPServer) -> None:
    seen: list[str] = []

    def answer(request: Request) -> Response:
        seen.append(request.headers.get("Cookie", ""))
        return Response(b"ok")

    elsewhere = f"http://127.0.0.1:{httpserver.port}/file"
    httpserver.expect_request("/file").respond_with_handler(answer)
    away = says(httpserver, "/away", "<a href=/>", Set_Cookie="visit=1")
    httpserver.expect_request("/go").respond_with_data("", status=302, headers={"Location": elsewhere})
    fetcher = Fetcher(allow_private=True, trust_env=False)
    fetcher.fetch(httpserver.url_for("/file"), replace(QUICK, before=away))
    fetcher.fetch(httpserver.url_for("/go"), replace(QUICK, before=away))
    fetcher.fetch(httpserver.url_for("/file"), replace(QUICK, cookies=True))
    fetcher.fetch(away, QUICK)
    fetcher.fetch(httpserver.url_for("/file"), QUICK)
    assert seen == ["visit=1", "", "", ""]


def test_a_token_goes_to_the_host_of_the_file_only_and_is_never_told(httpserver: HTTPServer) -> None:
    seen: list[str] = []

    def answer(request: Request) -> Response:
        seen.append(request.headers.get("X-Csrf", ""))
        return Response(b"", 302, {"Location": f"http://127.0.0.1:{httpserver.port}/there?token=tok3n"})

    httpserver.expect_request("/file").respond_with_handler(answer)
    httpserver.expect_request("/there").respond_with_handler(
        lambda request: Response(request.headers.get("X-Csrf", "none"))
    )
    before = says(httpserver, "/before", "csrf=tok3n;")
    profile = replace(QUICK, before=before, token=Token(r"csrf=(\w+)"), headers=(("X-Csrf", "{token}"),))
    steps: list[Step] = []
    got = Fetcher(allow_private=True, trust_env=False).fetch(httpserver.url_for("/file"), profile, note=steps.append)
    assert isinstance(got, Fetched)
    assert got.body == b"none"
    assert seen == ["tok3n"]
    assert "tok3n" not in str(steps)
    assert "says no token" in refused(httpserver.url_for("/file"), replace(profile, token=Token("nope=(x)")))


def test_a_form_is_sent_once_and_to_nobody_else(httpserver: HTTPServer) -> None:
    def answer(request: Request) -> Response:
        return Response(f"{request.method} {request.form.to_dict()}")

    httpserver.expect_request("/shown").respond_with_handler(answer)
    for status, target in ((302, "/shown"), (303, "/shown"), (307, "/shown")):
        httpserver.expect_request(f"/{status}").respond_with_data(b"", status=status, headers={"Location": target})
    away = {"Location": f"http://127.0.0.1:{httpserver.port}/shown"}
    httpserver.expect_request("/away").respond_with_data(b"", status=307, headers=away)
    profile = replace(QUICK, method=Method.POST, form=(("fund", "WILO"),))
    assert fetch(httpserver.url_for("/302"), profile).body == b"GET {}"
    assert fetch(httpserver.url_for("/303"), profile).body == b"GET {}"
    assert fetch(httpserver.url_for("/307"), profile).body == b"POST {'fund': 'WILO'}"
    assert "was redirected to" in refused(httpserver.url_for("/away"), profile)


# --- how long it goes on --------------------------------------------------------------------------


def test_the_time_is_that_of_the_whole_download_and_every_request_waits_its_turn(httpserver: HTTPServer) -> None:
    page = says(httpserver, "/page", '<a href="/file.csv">x</a>')
    says(httpserver, "/file.csv", "a,b")
    now, slept, ticks = [0.0], list[float](), [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    def clock() -> float:
        now[0] += ticks[0]
        return now[0]

    made = Fetcher(allow_private=True, trust_env=False, clock=clock, sleep=sleep, jitter=lambda: 0.5)
    profile = replace(QUICK, links=(Link(r"file\.csv"),), min_interval=3.0, jitter=2.0, total_timeout=5.0)
    assert fetch(page, profile, made).body == b"a,b"
    assert slept == [4.0]  # politeness does not count as slowness
    ticks[0] = 2.0
    assert "too slow" in refused(page, profile, made)


def test_pages_end(httpserver: HTTPServer) -> None:
    def endless(request: Request) -> Response:
        start = int(request.args.get("start", 0))
        return Response(json.dumps({"rows": [start, start + 1], "pad": "x" * int(request.args.get("pad", 0))}))

    httpserver.expect_request("/endless").respond_with_handler(endless)
    same = says(httpserver, "/same", json.dumps({"rows": [1, 2]}))
    paging = Paging("rows", start="start", size=2, most=5)
    assert "more than 5 pages" in refused(httpserver.url_for("/endless"), replace(QUICK, pages=paging))
    assert "repeats the one before" in refused(same, replace(QUICK, pages=paging))
    long = httpserver.url_for("/endless") + "?pad=4000"
    assert "longer than 10000 bytes" in refused(long, replace(QUICK, pages=paging))
    single = replace(paging, size=3)
    assert fetch(same, replace(QUICK, pages=single)).body == b'{"rows": [1, 2]}'  # as it came
    other = says(httpserver, "/other", "<html>")
    assert fetch(other, replace(QUICK, pages=paging)).body == b"<html>"


def test_numbers_of_pages_stay_as_printed(httpserver: HTTPServer) -> None:
    def answer(request: Request) -> Response:
        part = {"1": '{"n": 0.10, "e": 1e-7, "s": "é\\"", "b": [true, null]}', "2": '{"n": 12345678901234567890.500}'}
        return Response(f'{{"size": 2, "list": {{"rows": [{part[request.args["page"]]}]}}}}')

    httpserver.expect_request("/pages").respond_with_handler(answer)
    paging = Paging("list.rows", start="page", size=1, by_page=True, total="size")
    assert fetch(httpserver.url_for("/pages"), replace(QUICK, pages=paging)).body.decode() == (
        '{"size":2,"list":{"rows":[{"n":0.10,"e":1e-7,"s":"é\\"","b":[true,null]},{"n":12345678901234567890.500}]}}'
    )


# --- names, templates, faults ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="WILO_asof_20261124.xlsx"', "WILO_asof_20261124.xlsx"),
        ("attachment; filename=a.csv", "a.csv"),
        ("attachment; filename*=UTF-8''f%C3%B6nds.csv", "fönds.csv"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("attachment; filename*=nonsense''a%FF.csv", "aÿ.csv"),
        ("inline", ""),
    ],
)
def test_the_name_that_a_server_gives_its_file(header: str, name: str) -> None:
    assert attachment(header) == name


def source(http: str, sniff: str = "") -> tuple[object, list[str]]:
    columns = '["date", "account", "name", "ticker", "cusip", "shares", "value", "weight"]'
    top = 'urls = [{ url = "https://willow.example/{number}.csv" }]'
    text = SOURCE.format(shape="delimited", top=top, http=http, sniff=sniff, columns=columns)
    return parse_source(text + FUND.format(ticker="WILO", number="101"), "willow.toml")


def test_templates_are_filled_with_what_belongs_to_the_fund_and_the_day() -> None:
    http = """method = "POST"
json = { id = "{number}", q = "{ rows }", day = "{date:YYYY-MM-DD}" }
referer = "https://willow.example/{t}/"
query = { f = "{T}" }
[[http.links]]
pattern = '/{t}_\\d{8}\\.csv$'"""
    made, faults = source(http)
    assert faults == []
    day = datetime(2026, 11, 24, tzinfo=UTC).date()
    fund = made.funds["WILO"]  # type: ignore[attr-defined]
    request = request_of(made, fund, fund.url, day)  # type: ignore[arg-type]
    assert request.url == "https://willow.example/101.csv"  # the query belongs to what the link leads to
    assert request.place == "https://willow.example/101.csv#2026-11-24"
    assert json.loads(request.profile.json) == {"id": "101", "q": "{ rows }", "day": "2026-11-24"}
    assert request.profile.referer == "https://willow.example/wilo/"
    assert request.profile.query == (("f", "WILO"),)
    assert request.profile.links[0].pattern == r"/wilo_\d{8}\.csv$"
    masked = request_of(made, fund, Url("https://willow.example/x?session={date:YYYYMMDD}"), day)  # type: ignore[arg-type]
    assert masked.place == "https://willow.example/x?session=***#2026-11-24"  # another place every day
    with pytest.raises(FetchError, match="has no key 'isin'"):
        request_of(made, fund, Url("https://willow.example/{isin}.csv"), day)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("http", "words"),
    [
        ('cookies = "yes"', 'http.cookies: wanted "jar"'),
        ("form = { a = 'b' }", 'http.method: must be "POST" where there is a body'),
        ("method = 'POST'\nform = { a = 'b' }\njson = '{}'", "http.json: a request has one body"),
        ("token = 'a(b)'", "http.before: is missing"),
        ("before = 'https://a.example/'\ntoken = 'ab'", "http.token: 'ab' must have one group"),
        ("method = 'POST'\n[http.pages]\nrows = 'a'\nnext = 'b'", "http.pages: are asked for with GET"),
        ("throttled_status = [200]", "http.throttled_status: wanted a list of numbers from 400 to 599"),
        ("headers = { Host = 'a' }", "http.headers.Host: is no header that can be chosen"),
        ("[http.pages]\nrows = 'a'", "http.pages.next: give either `next` or `start`"),
        ("[[http.links]]\npattern = '('", "http.links[1].pattern: '(' is not a regular expression"),
        ("refferer = 'https://a.example/'", "did you mean 'referer'?"),
    ],
)
def test_a_fault_of_a_profile_is_named(http: str, words: str) -> None:
    _, faults = source(http)
    assert any(words in fault for fault in faults), faults


# --- old servers ----------------------------------------------------------------------------------


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Greets."""
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


def weak_certificate(folder: Path) -> Path:
    """Certificate and key of this machine in one file: 1024 bits, as old servers have them."""
    key = rsa.generate_private_key(65537, 1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "old.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.TraditionalOpenSSL
    text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "old.pem").write_bytes(text + made.public_bytes(serialization.Encoding.PEM))
    return folder / "old.pem"


@contextmanager
def old_server(pem: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.load_cert_chain(pem)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hello) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_an_old_server_is_reached_when_the_source_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = weak_certificate(tmp_path)
    old = replace(QUICK, tls=Tls.COMPATIBLE)
    with old_server(pem) as url:
        with pytest.raises(FetchError, match="no secure connection"):
            Fetcher(allow_private=True).fetch(url, old)  # whoever it is must be known all the same
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
        with pytest.raises(FetchError, match="no secure connection"):
            Fetcher(allow_private=True).fetch(url, QUICK)
        got = Fetcher(allow_private=True).fetch(url, old)
        assert isinstance(got, Fetched)
        assert got.body == b"ok"
