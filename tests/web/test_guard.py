"""Who is answered, by which name, with which headers; forms and what they need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import Depends, Form
from fastapi.testclient import TestClient

from monitor.web import guard
from monitor.web.guard import Guard
from monitor.web.permits import form_token, operator
from monitor.web.service import build
from monitor.web.sessions import Role, Sessions
from tests.web.conftest import HERE, Make, app_over

READ, DECIDE = "reader-token-0123456789", "operator-token-9876543210"
ASKED = "/api/v1/holdings?fund=ARKF"
SAME = {"Sec-Fetch-Site": "same-origin"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_every_answer_bears_the_headers_whatever_it_is(make: Make) -> None:
    client = make(token=READ)
    for path in (ASKED, "/nowhere", "/login", "/healthz", "/static/vendor/htmx.js", "/api/v1/holdings", "/static/no"):
        for headers in ({}, bearer(READ)):
            found = client.get(path, headers=headers).headers
            assert {name: found[name] for name in guard.HEADERS} == guard.HEADERS, path
            assert "unsafe" not in found["content-security-policy"]
            assert "server" not in found


@pytest.mark.parametrize(("shown", "status"), [("", 401), ("wrong", 401), (READ, 200), (DECIDE, 200), ("é\ud800", 401)])
def test_with_a_token_only_who_shows_it_is_answered(make: Make, shown: str, status: int) -> None:
    client = make(token=READ, operator_token=DECIDE)
    headers = {b"Authorization": f"Bearer {shown}".encode("utf-8", "surrogatepass")} if shown else {}
    found = client.get(ASKED, headers=headers)
    assert found.status_code == status
    if status == 401:
        assert found.headers["www-authenticate"].startswith("Bearer")
        assert found.json()["status"] == 401
        assert READ not in found.text + str(found.headers)


def test_without_a_token_only_names_of_this_machine_are_answered(make: Make) -> None:
    client = make()
    for name in ("127.0.0.1", "127.0.0.1:8765", "localhost:1", "LOCALHOST", "[::1]:8765", "localhost."):
        assert client.get(ASKED, headers={"Host": name}).status_code == 200, name
    for name in (
        "evil.example",
        "127.0.0.1.evil.example",
        "",
        "[",
        "localhost@evil.example",
        "evil@localhost",
        "2130706433",
    ):
        found = client.get(ASKED, headers={"Host": name})
        assert found.status_code == 421, name
    hosts = make(hosts="desk.example")
    assert hosts.get(ASKED, headers={"Host": "desk.example"}).status_code == 200
    assert hosts.get(ASKED, headers={"Host": "evil.example"}).status_code == 421


def test_health_is_said_to_all_and_details_to_who_may_know(make: Make) -> None:
    client = make(token=READ)
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8765"}).json() == {"status": "ok"}
    assert client.get("/readyz").text == "ready\n"
    assert client.get("/metrics").status_code == 401
    assert "backlog" in client.get("/healthz", headers=bearer(READ)).json()
    assert "holdings_monitor_files" in client.get("/metrics", headers=bearer(READ)).text
    assert make().get("/healthz", headers={"Host": "evil.example"}).json() == {"status": "ok"}


def test_a_browser_logs_in_with_the_token_and_out_again(make: Make) -> None:
    client = make(token=READ)
    page = {"Accept": "text/html"}
    asked = client.get("/?day=2022-01-06", headers=page)
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=%2F%3Fday%3D2022-01-06")
    assert "<form" in client.get(asked.headers["location"]).text
    wrong = client.post("/login", data={"token": "wrong", "next": "/x"}, headers=SAME)
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    right = client.post("/login", data={"token": READ, "next": "/?day=2022-01-06"}, headers=SAME)
    assert (right.status_code, right.headers["location"]) == (303, "/?day=2022-01-06")
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert READ not in cookie
    assert client.get(ASKED).status_code == 200
    before = dict(client.cookies)
    assert client.post("/logout", headers=SAME).status_code == 303
    client.cookies.update(before)  # who kept a copy of the cookie
    assert client.get(ASKED).status_code == 401


def test_over_https_the_cookie_never_travels_in_the_clear(make: Make) -> None:
    client = make("https://desk.example", token=READ, url="https://desk.example")
    found = client.post("/login", data={"token": READ}, headers=SAME)
    assert found.headers["set-cookie"].startswith("__Host-holdings_monitor=")
    assert "Secure" in found.headers["set-cookie"]
    assert found.headers["strict-transport-security"] == "max-age=31536000"


def test_a_link_from_a_mail_finds_the_session_the_browser_kept_back(make: Make) -> None:
    client = make(token=READ)
    found = client.get("/item/I1", headers={"Accept": "text/html", "Sec-Fetch-Site": "cross-site"})
    assert found.status_code == 401
    assert 'content="0; url=/login?next=%2Fitem%2FI1"' in found.text
    client.post("/login", data={"token": READ}, headers=SAME)
    assert client.get("/login?next=%2Fitem%2FI1").headers["location"] == "/item/I1"


@pytest.mark.parametrize(
    "where", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/a\r\nX: 1", "é"]
)
def test_after_a_login_nobody_is_sent_elsewhere(make: Make, where: str) -> None:
    found = make(token=READ).post("/login", data={"token": READ, "next": where}, headers=SAME)
    assert found.headers["location"] == "/"


def test_guessing_tokens_is_slow(make: Make) -> None:
    client = make(token=READ)
    codes = [client.post("/login", data={"token": f"no {at}"}, headers=SAME).status_code for at in range(12)]
    assert codes == [401] * 10 + [429] * 2
    assert client.get(ASKED, headers=bearer(READ)).status_code == 200


def test_forms_of_other_sites_do_nothing(make: Make) -> None:
    client = make(token=READ)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        found = client.post("/login", data={"token": READ}, headers=headers)
        assert found.status_code == 403, headers
    assert client.post("/login", data={"token": READ}, headers={"Origin": HERE}).status_code == 303


@pytest.fixture
def deciding(look_alike: object) -> Iterator[TestClient]:
    """The service with an action only operators may take."""
    service = build(app_over(str(look_alike), operator_token=DECIDE))

    @service.post("/decide", dependencies=[Depends(operator)])
    def decide(what: Annotated[str, Form()] = "") -> dict[str, str]:
        return {"done": what}

    @service.get("/form")
    def form(token: Annotated[str, Depends(form_token)]) -> dict[str, str]:
        return {"token": token}

    with TestClient(service, base_url=HERE, follow_redirects=False) as client:
        yield client


def test_only_an_operator_with_a_form_of_ours_decides(deciding: TestClient) -> None:
    assert deciding.post("/decide", headers=SAME).status_code == 403  # everybody on this machine may only read
    assert deciding.post("/decide", headers=bearer(DECIDE), data={"what": "x"}).json() == {"done": "x"}
    assert deciding.post("/decide", headers=bearer("wrong")).status_code == 401
    assert deciding.get("/login?as=operator").status_code == 200
    assert deciding.post("/login", data={"token": DECIDE}, headers=SAME).status_code == 303
    token = deciding.get("/form").json()["token"]
    assert deciding.post("/decide", data={"form_token": token, "what": "y"}, headers=SAME).json() == {"done": "y"}
    assert deciding.post("/decide", data={"what": "y"}, headers=SAME | {"X-Form-Token": token}).status_code == 200
    for data, headers in (
        ({"form_token": token}, {"Sec-Fetch-Site": "cross-site"}),
        ({"form_token": token}, {"Sec-Fetch-Site": "same-site"}),
        ({"form_token": token}, {}),
        ({"form_token": "0" * 64}, SAME),
        ({}, SAME),
    ):
        assert deciding.post("/decide", data=data, headers=headers).status_code == 403


def test_too_much_is_refused_in_words(client: TestClient) -> None:
    assert client.get(f"/api/v1/holdings?fund={'A' * 9000}").status_code == 414
    for found in (
        client.post("/login", data={"token": "x" * 70_000}, headers=SAME),
        client.post("/login", content=(b"x" * 9_000 for _ in range(8)), headers=SAME),
    ):
        assert (found.status_code, found.headers["content-type"]) == (413, "application/problem+json")
    assert client.post("/login", data={"token": "x" * 5_000}, headers=SAME).status_code == 400


def test_who_asks_too_much_at_once_waits(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "AT_ONCE", 0)
    found = client.get(ASKED)
    assert (found.status_code, found.headers["retry-after"]) == (503, "1")


def test_a_fault_of_the_program_says_nothing_of_it(look_alike: object, caplog: pytest.LogCaptureFixture) -> None:
    service = build(app_over(str(look_alike)))

    @service.get("/broken")
    def broken() -> None:
        raise ValueError("inner words")

    with TestClient(service, base_url=HERE) as client:
        found = client.get("/broken")
    assert (found.status_code, found.headers["content-type"]) == (500, "application/problem+json")
    assert "inner words" not in found.text
    assert "inner words" in caplog.text
    assert found.headers["x-content-type-options"] == "nosniff"


def test_sessions_end_and_cannot_be_made_up() -> None:
    now = [1_000_000.0]
    web = app_over("x.db", token=READ, operator_token=DECIDE).config.web
    sessions = Sessions(web, lambda: now[0])
    reader = sessions.begin(Role.READER)
    assert sessions.by_session(reader) is Role.READER
    for forged in (reader.replace("reader", "operator"), reader[:-1], reader + "0", "", "a.b.c.d", "reader.x.y.z", "é"):
        assert sessions.by_session(forged) is Role.NOBODY
    assert sessions.form_token(reader) != sessions.form_token(sessions.begin(Role.READER))
    other = Sessions(app_over("x.db", token="another-token-1234").config.web, lambda: now[0])
    assert other.by_session(reader) is Role.NOBODY  # a changed token ends all sessions
    now[0] += 31 * 86400
    assert sessions.by_session(reader) is Role.NOBODY


def test_the_guard_is_the_outermost_layer(client: TestClient) -> None:
    service = client.app
    assert service.user_middleware[0].cls is Guard  # type: ignore[attr-defined]
