"""Polling a loopback issuer with the real fetcher: conditional requests, what is recorded, what is never recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from monitor import cli
from monitor.store.engine import open_engine, reading
from tests.history.facts import NOW

HEADER = 'date,fund,company,ticker,cusip,shares,"market value ($)","weight (%)"'
LINES = [("NIMBUS ROBOTICS INC", "NIMB", "037833100"), ("HOLLOW OAK GENOMICS INC", "HOAK", "594918104")]


def body(day: str) -> str:
    rows = [f'{day},ARKK,"{name}",{ticker},{cusip},"1,000","$50,000.00",50.00%' for name, ticker, cusip in LINES]
    return "\n".join([HEADER, *rows, ""])


@pytest.fixture
def polled(httpserver: HTTPServer, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], int]:
    """Runs `check ARKK` an hour later each time, against a server that knows ETags."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # no proxy is asked for this machine's own addresses

    def answer(request: Request) -> Response:
        if request.headers.get("If-None-Match") == '"v1"':
            return Response(status=304)
        return Response(body("11/20/2026"), headers={"ETag": '"v1"'})

    httpserver.expect_request(
        "/fund-documents/funds-etf-csv/ARK_INNOVATION_ETF_ARKK_HOLDINGS.csv"
    ).respond_with_handler(answer)
    (tmp_path / "monitor.toml").write_text(
        f'database = "sqlite:///polled.db"\n[[watch]]\nissuer = "ark"\nfunds = ["ARKK"]\n'
        f'[issuers.ark]\nbase_url = "{httpserver.url_for("")}"\nallow_private = true\nmin_interval = 0.1\n',
        encoding="utf-8",
    )

    def poll(hours: int) -> int:
        return cli.run(["check", "--at", (NOW + timedelta(hours=hours)).isoformat()])

    return poll


def test_an_unchanged_file_is_asked_for_conditionally_every_time(
    polled: Callable[[int], int], httpserver: HTTPServer, tmp_path: Any
) -> None:
    for hours in range(4):
        assert polled(hours) == 0
    assert [response.status_code for _, response in httpserver.log] == [200, 304, 304, 304]
    engine = open_engine(f"sqlite:///{tmp_path / 'polled.db'}")
    with reading(engine) as conn:
        outcomes = conn.exec_driver_sql("SELECT outcome, place FROM fetch ORDER BY id").all()
        published = conn.exec_driver_sql("SELECT published_from, published_to FROM snapshot").all()
    engine.dispose()
    assert [outcome for outcome, _ in outcomes] == ["new", "not-modified", "not-modified", "not-modified"]
    assert published == [(None, "2026-11-23T12:00:00.000000Z")]


def test_a_password_in_an_address_is_refused_without_being_shown(
    polled: Callable[[int], int], tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "monitor.toml"
    config.write_text(config.read_text().replace("http://", "http://reader:planted-secret@"), encoding="utf-8")
    assert polled(0) == 2
    said = capsys.readouterr().err
    assert "must not contain a user or password" in said
    assert "planted-secret" not in said


def test_a_publisher_that_goes_back_to_its_first_version_is_followed(
    httpserver: HTTPServer, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    true = body("11/20/2026")
    wrong = true + '11/20/2026,ARKK,"PAPER TIGER INC",TIGR,023135106,"9,000","$9,000.00",9.00%\n'
    served = iter([body("11/19/2026"), true, wrong, true])
    httpserver.expect_request(
        "/fund-documents/funds-etf-csv/ARK_INNOVATION_ETF_ARKK_HOLDINGS.csv"
    ).respond_with_handler(lambda _request: Response(next(served)))
    (tmp_path / "monitor.toml").write_text(
        f'database = "sqlite:///polled.db"\n[[watch]]\nissuer = "ark"\nfunds = ["ARKK"]\n'
        f'[issuers.ark]\nbase_url = "{httpserver.url_for("")}"\nallow_private = true\nmin_interval = 0.1\n'
        '[alerts]\nmin_severity = "low"\n[channels.log]\ntype = "file"\npath = "alerts.jsonl"\n',
        encoding="utf-8",
    )
    for hours in range(4):
        assert cli.run(["check", "--at", (NOW + timedelta(hours=hours)).isoformat()]) == 0
    said = [json.loads(line) for line in (tmp_path / "alerts.jsonl").read_text(encoding="utf-8").splitlines()]
    told = [one for one in said if one["form"] != "notice"]  # the first file was late
    assert ["TIGR" in json.dumps(one) for one in told] == [True, True]
    assert [one["form"] for one in told] == ["alert", "withdrawn"]
    engine = open_engine(f"sqlite:///{tmp_path / 'polled.db'}")
    with reading(engine) as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM event").scalar_one() == 0
    engine.dispose()
