"""`serve` and the page of `run`, as processes people start and stop."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.ports import free_port
from tests.reliability.serving import wait_for

PATIENCE = 90.0  # seconds, on a busy machine

COMMAND = (sys.executable, "-c", "from monitor.cli import main; main()")


def clean() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOLDINGS_MONITOR_")}
    return kept | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=folder, env=clean(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def get(address: str, token: str = "") -> tuple[int, str]:
    request = urllib.request.Request(address)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def answer(address: str) -> str:
    """What is answered once there is time for it: a busy machine may say 503 for a while."""
    return wait_for(address, lambda: next((text for status, text in [get(address)] if status != 503), None), PATIENCE)


@pytest.fixture
def serving(look_alike: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the address it printed."""
    process = started(tmp_path, "serve", "--port", "0", "--db", str(look_alike))
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert found is not None, said
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_until_it_is_told_to_stop(
    serving: tuple[subprocess.Popen[str], str], number: signal.Signals
) -> None:
    process, address = serving
    assert json.loads(answer(f"{address}api/v1/holdings?fund=ARKF"))["total"] == 10
    wait_for("it to be ready", lambda: get(f"{address}readyz") == (200, "ready\n"), PATIENCE)
    assert get(f"{address}nothing")[0] == 404
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_busy_port_is_said_in_words(look_alike: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        out, err = started(tmp_path, "serve", "--port", str(port), "--db", str(look_alike)).communicate(timeout=120)
    assert out == ""
    assert f"Cannot listen at 127.0.0.1:{port}" in err
    assert "Traceback" not in err


def test_other_machines_are_not_answered_without_a_token(look_alike: Path, tmp_path: Path) -> None:
    process = started(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0", "--db", str(look_alike))
    _out, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "token_env" in err


def test_a_token_that_cannot_be_read_is_no_token(look_alike: Path, tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text('[web]\ntoken_env = "NOWHERE"\n', "utf-8")
    process = started(tmp_path, "serve", "--port", "0", "--db", str(look_alike))
    _out, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "NOWHERE" in err


def test_it_starts_before_its_database_and_says_so(tmp_path: Path) -> None:
    process = started(tmp_path, "serve", "--port", "0", "--db", "none.db")
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert found is not None
        assert get(f"{found[0]}readyz")[0] == 503
        assert subprocess.run([*COMMAND, "db", "upgrade", "--db", "none.db"], cwd=tmp_path, env=clean()).returncode == 0
        wait_for("it to be ready", lambda: get(f"{found[0]}readyz") == (200, "ready\n"), PATIENCE)
    finally:
        process.terminate()
        _out, err = process.communicate(timeout=120)
    assert "There is no database" in err


def test_a_daemon_serves_its_page(look_alike: Path, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "own.db").write_bytes(look_alike.read_bytes())
    (tmp_path / "monitor.toml").write_text(
        'database = "sqlite:///own.db"\n[[watch]]\nissuer = "ark"\nfunds = ["ARKF"]\n'
        f'[issuers.ark]\nbase_url = "http://127.0.0.1:9"\nallow_private = true\n'
        f'[web]\nenabled = true\npage = true\nport = {port}\n[channels.console]\ntype = "console"\n',
        "utf-8",
    )
    process = started(tmp_path, "run")
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "answering at" in line:
                break
        address = f"http://127.0.0.1:{port}/"
        assert json.loads(answer(f"{address}api/v1/holdings?fund=ARKF"))["total"] == 10
        wait_for("its ticks", lambda: "ticks" in json.loads(get(f"{address}healthz")[1]), PATIENCE)
    finally:
        process.terminate()
        process.communicate(timeout=120)
    assert process.returncode == 0


def test_the_demo_can_be_looked_at_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    process = subprocess.Popen(
        [*COMMAND, "demo", "--serve", "--port", "0"],
        cwd=tmp_path,
        env=clean() | {"TMPDIR": str(folder)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        address = next(
            found[0] for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+/(?= – the API)", line))
        )
        assert "first seen since 2021" in answer(f"{address}?day=2025-09-23")
        assert list(folder.iterdir())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
        assert process.returncode == 0
        assert list(folder.iterdir()) == []
    finally:
        process.kill()
        process.communicate()
