"""Downloads over a real loopback socket: validators, limits, redirects, refusals and politeness."""

import gzip
import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from monitor.core.errors import FetchError
from monitor.sources.addresses import check_url, safe_url
from monitor.sources.fetch import Fetched, Fetcher, NotModified, redirected, retry_after
from monitor.sources.profile import HttpProfile, Method

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
QUICK = HttpProfile(
    user_agent="test", min_interval=0, connect_timeout=30, read_timeout=30, total_timeout=60, max_bytes=1000
)


def fetcher(**changes: object) -> Fetcher:
    return Fetcher(**({"allow_private": True, "trust_env": False, "now": lambda: NOW} | changes))  # type: ignore[arg-type]


def failure(url: str, profile: HttpProfile = QUICK, **changes: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher(**changes).fetch(url, profile)
    return caught.value


@contextmanager
def raw_server(*pieces: bytes, pause: float = 0.0) -> Iterator[str]:
    """A server that sends exactly these bytes to one client, pausing before each piece."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stopped = threading.Event()

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.recv(65536)
                for piece in pieces:
                    if stopped.wait(pause) if pause else stopped.is_set():
                        return
                    try:
                        client.sendall(piece)
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/file.csv"
        stopped.set()
        thread.join(5)


def test_a_body_comes_with_its_hash_validators_and_headers(httpserver: HTTPServer) -> None:
    headers = {"ETag": '"a1"', "Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT", "Set-Cookie": "id=secret"}
    httpserver.expect_request("/f.csv").respond_with_data(b"date,fund\n", headers=headers)
    found = fetcher().fetch(httpserver.url_for("/f.csv"), QUICK)
    assert isinstance(found, Fetched)
    assert found.body == b"date,fund\n"
    assert found.sha256 == hashlib.sha256(found.body).hexdigest()
    assert (found.etag, found.last_modified) == ('"a1"', headers["Last-Modified"])
    assert "set-cookie" not in dict(found.headers)


def test_the_profile_and_validators_are_sent_and_304_is_its_own_answer(httpserver: HTTPServer) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        seen.append(request)
        return Response(status=304 if request.headers.get("If-None-Match") == '"a1"' else 200)

    httpserver.expect_request("/f.csv").respond_with_handler(answer)
    profile = HttpProfile(user_agent="me/1", headers=(("Referer", "http://x.example/"),), min_interval=0)
    date = "Mon, 02 Nov 2026 10:00:00 GMT"
    found = fetcher().fetch(httpserver.url_for("/f.csv"), profile, etag='"a1"', last_modified=date)
    assert isinstance(found, NotModified)
    sent = seen[0].headers
    assert (sent["User-Agent"], sent["Referer"], sent["If-Modified-Since"]) == ("me/1", "http://x.example/", date)


def test_a_compressed_body_is_unpacked_and_bounded(httpserver: HTTPServer) -> None:
    packed = {"Content-Encoding": "gzip"}
    httpserver.expect_request("/small").respond_with_data(gzip.compress(b"a,b\n" * 100), headers=packed)
    httpserver.expect_request("/bomb").respond_with_data(gzip.compress(b"\0" * 3_000_000)[:900], headers=packed)
    httpserver.expect_request("/broken").respond_with_data(b"no gzip", headers=packed)
    found = fetcher().fetch(httpserver.url_for("/small"), QUICK)
    assert isinstance(found, Fetched)
    assert found.body == b"a,b\n" * 100
    assert "longer than 1000 bytes" in str(failure(httpserver.url_for("/bomb")))
    assert "decompressed" in str(failure(httpserver.url_for("/broken")))


def test_an_html_page_with_200_is_handed_on_for_the_reader_to_refuse(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/f.csv").respond_with_data(b"<html>gone</html>", content_type="text/html")
    found = fetcher().fetch(httpserver.url_for("/f.csv"), QUICK)
    assert isinstance(found, Fetched)
    assert found.body.startswith(b"<html>")


def test_a_body_that_is_too_long_is_stopped(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/f.csv").respond_with_data(b"x" * 1001)
    error = failure(httpserver.url_for("/f.csv"))
    assert "1001 bytes announced" in str(error)
    assert not error.retry
    with raw_server(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100_000) as url:
        assert "longer than 1000 bytes" in str(failure(url))


def test_a_trickle_is_stopped_by_the_deadline() -> None:
    profile = HttpProfile(min_interval=0, read_timeout=2, total_timeout=0.5)
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", *[b"x"] * 400, pause=0.05) as url:
        error = failure(url, profile)  # long before it would be whole
    assert "too slow" in str(error)
    assert error.retry


def test_a_silent_server_and_a_body_cut_short_can_be_tried_again() -> None:
    silent = HttpProfile(min_interval=0, read_timeout=0.2)
    with raw_server(b"HTTP/1.1 200 OK\r\n", pause=1.0) as url:
        assert "in time" in str(failure(url, silent))
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort") as url:
        assert failure(url).retry
    with raw_server(b"garbage\r\n\r\n") as url:
        assert "failed" in str(failure(url))
    assert "failed" in str(failure(url))  # nobody listens any more


@pytest.mark.parametrize(
    ("status", "retry"),
    [(400, False), (401, False), (403, False), *((code, True) for code in (204, 404, 408, 410, 429, 500, 503))],
)
def test_a_status_says_whether_trying_again_can_help(httpserver: HTTPServer, status: int, retry: bool) -> None:
    httpserver.expect_request("/f.csv").respond_with_data(b"x", status=status)
    error = failure(httpserver.url_for("/f.csv"))
    assert (error.status, error.retry, error.retry_after) == (status, retry, None)
    assert str(status) in str(error)


def test_retry_after_of_a_busy_server_is_passed_on(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/f.csv").respond_with_data(b"", status=429, headers={"Retry-After": "3600"})
    assert failure(httpserver.url_for("/f.csv")).retry_after == 3600


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1", 1.0),
        ("Mon, 02 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 02 Nov 2026 11:00:00 GMT", 0.0),
        ("99999999999", 604800.0),
        ("soon", None),
        ("-5", None),
        ("1e3", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_rubbish_is_ignored(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


def test_redirects_are_followed_five_times_at_most(httpserver: HTTPServer) -> None:
    for step in range(7):
        httpserver.expect_request(f"/{step}").respond_with_data(b"", status=302, headers={"Location": f"/{step + 1}"})
    httpserver.expect_request("/7").respond_with_data(b"here")
    found = fetcher().fetch(httpserver.url_for("/2"), QUICK)
    assert isinstance(found, Fetched)
    assert (found.body, found.url) == (b"here", httpserver.url_for("/7"))
    assert "more than 5 redirects" in str(failure(httpserver.url_for("/1")))


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://169.254.169.254/latest/meta-data/", "metadata"),
        ("file:///etc/passwd", "only http and https"),
        ("", "without a target"),
    ],
)
def test_every_hop_is_checked(httpserver: HTTPServer, target: str, words: str) -> None:
    httpserver.expect_request("/f.csv").respond_with_data(b"", status=301, headers={"Location": target})
    assert words in str(failure(httpserver.url_for("/f.csv")))


def test_secret_headers_stay_with_their_host(httpserver: HTTPServer) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        seen.append(request)
        return Response(b"ok")

    elsewhere = f"http://127.0.0.1:{httpserver.port}/b"
    httpserver.expect_request("/a").respond_with_data(b"", status=302, headers={"Location": elsewhere})
    httpserver.expect_request("/b").respond_with_handler(answer)
    profile = HttpProfile(headers=(("Authorization", "Bearer x"), ("Accept", "text/csv")), min_interval=0)
    fetcher().fetch(httpserver.url_for("/a"), profile)
    fetcher().fetch(elsewhere, profile)
    assert [(one.headers.get("Authorization"), one.headers["Accept"]) for one in seen] == [
        (None, "text/csv"),
        ("Bearer x", "text/csv"),
    ]


def test_nothing_leads_from_an_encrypted_connection_to_a_plain_one() -> None:
    response = requests.Response()
    response.status_code, response.headers["Location"] = 302, "http://other.example/b"
    with pytest.raises(FetchError, match="from https to http"):
        redirected(response, "https://other.example/a", Method.GET)


PRIVATE = ["127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.0.1", "100.64.0.1", "::1", "fd12::1", "0.1.2.3"]
NEVER = [
    "169.254.169.254",
    "fe80::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "fd00:ec2::254",
    "0.0.0.0",
    "224.0.0.1",
]


@pytest.mark.parametrize("address", PRIVATE + NEVER)
def test_private_addresses_are_refused_however_they_are_named(address: str) -> None:
    literal = f"http://[{address}]/x" if ":" in address else f"http://{address}/x"
    for url in (literal, "https://files.example/x"):
        with pytest.raises(FetchError, match="may not be fetched") as caught:
            check_url(url, allow_private=False, resolve=lambda host, port: ["93.184.216.34", address])
        assert not caught.value.retry


@pytest.mark.parametrize("address", NEVER)
def test_metadata_addresses_are_refused_even_where_private_ones_are_allowed(address: str) -> None:
    with pytest.raises(FetchError, match="may not be fetched"):
        check_url("http://x.example/", allow_private=True, resolve=lambda host, port: [address])


def test_public_and_explicitly_allowed_private_addresses_pass() -> None:
    resolved: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        resolved.append(f"{host}:{port}")
        return ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]

    check_url("https://files.example/x", allow_private=False, resolve=resolve)
    check_url("http://10.0.0.8:8080/x", allow_private=True, resolve=resolve)
    check_url("http://inside.example/x", allow_private=False, resolve=resolve, proxied=True)
    assert resolved == ["files.example:443"]


@pytest.mark.parametrize(
    "url", ["ftp://x.example/a", "x.example/a", "", "http:///a", "http://[::1", "http://x.example:99999/"]
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert not failure(url).retry


def test_an_unknown_name_can_be_tried_again() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    assert failure("https://nowhere.example/a", resolve=unknown).retry


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:pw@x.example:8443/a?b=1#f", "https://x.example:8443/a?b=1"),
        ("https://x.example/a?api_key=s3cret&b=1&Signature=zzz", "https://x.example/a?api_key=***&b=1&Signature=***"),
        ("http://u:p@[::1]:80/", "http://[::1]:80/"),
        ("http://[::1", "(not a web address)"),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, shown: str) -> None:
    assert safe_url(url) == shown


def test_no_error_tells_a_secret(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/f.csv").respond_with_data(b"", status=500)
    host = f"127.0.0.1:{httpserver.port}"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        unused = closed.getsockname()[1]
    for url in (
        f"http://me:hunter2@{host}/f.csv?token=hunter2",
        f"http://me:hunter2@127.0.0.1:{unused}/?token=hunter2",
    ):
        error = failure(url)
        assert "hunter2" not in f"{error} {error.url} {error.__cause__!r}"
        assert error.__suppress_context__ or error.__context__ is None


def test_a_host_is_asked_at_its_pace_and_waiting_is_not_slowness(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/f.csv").respond_with_data(b"x")
    moment = [100.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        moment[0] += seconds

    patient = fetcher(clock=lambda: moment[0], sleep=sleep)
    profile = HttpProfile(min_interval=60, total_timeout=59)
    bodies = [patient.fetch(httpserver.url_for("/f.csv"), profile) for _ in range(3)]
    assert slept == [60.0, 60.0]
    assert all(isinstance(found, Fetched) for found in bodies)


def test_threads_get_one_turn_each(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/f.csv").respond_with_data(b"x")
    slept: list[float] = []
    shared = fetcher(clock=lambda: 0.0, sleep=slept.append)
    profile = HttpProfile(min_interval=10)
    threads = [threading.Thread(target=shared.fetch, args=(httpserver.url_for("/f.csv"), profile)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(slept) == [10.0, 20.0, 30.0]


def test_the_default_clock_is_aware() -> None:
    assert Fetcher().now().utcoffset() == timedelta(0)


def test_one_issuer_on_a_private_network_opens_it_to_no_other(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("a,b")
    strict = fetcher(allow_private=False)
    found = strict.fetch(httpserver.url_for("/x"), replace(QUICK, allow_private=True))
    assert isinstance(found, Fetched)
    assert found.body == b"a,b"
    with pytest.raises(FetchError, match="private address"):
        strict.fetch(httpserver.url_for("/x"), QUICK)
