"""The program as the container runs it: process 1, an unprivileged user, everything read-only but a folder for data.

No container engine is needed: `unshare` gives it a view of this machine in which nothing else can be written.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.cli.look_alike import body
from tests.ports import free_port

NOBODY = 65534
ROOT = Path(__file__).resolve().parents[2]
# The folder of the data becomes a mount of its own, every other mount read-only. Then root's rights are given up, but
# for reading: this Python may stand where others have no way in. Writing has no such privilege left.
CLOSED = r"""
set -eu
mount --make-rprivate /
mount --bind "$DATA" "$DATA"
cut -d' ' -f5 /proc/self/mountinfo | while read -r place; do
  case $place in "$DATA"|/proc*|/sys*|/dev*) continue;; esac
  mount -o remount,bind,ro "$place" 2>/dev/null || true
done
if touch "$BESIDE/written" 2>/dev/null; then echo "not read-only" >&2; exit 99; fi
cd "$DATA"
exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs \
  --inh-caps=-all,+dac_read_search --ambient-caps=-all,+dac_read_search --bounding-set=-all,+dac_read_search "$@"
"""


@dataclass
class Contained:
    """A program in such a view; `inside` is its number as this machine sees it."""

    outer: subprocess.Popen[str]

    def inside(self) -> int:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            children = Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text("utf-8").split()
            if children:
                return int(children[0])
            time.sleep(0.02)
        raise AssertionError("nothing was started")


def contained(data: Path, *command: str, **environ: str) -> Contained:
    """Starts `command` as process 1 with write access to `data` alone."""
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", CLOSED, "sh"]
    settings = {"PATH": os.environ["PATH"], "DATA": str(data), "BESIDE": str(data.parent), "HOME": str(data)}
    settings |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
    return Contained(
        subprocess.Popen(
            [*unshare, *command],
            env=settings | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("setpriv"):
        pytest.skip("only root, with unshare and setpriv, can take write access away for a trial")
    folder = tmp_path / "data"
    folder.mkdir()
    probe = contained(folder, "true")
    said = probe.outer.communicate(timeout=120)[0]
    if probe.outer.returncode != 0:
        pytest.skip(f"this machine lets nobody mount: {said.strip()}")
    os.chown(folder, NOBODY, NOBODY)
    return folder


def entrance(*arguments: str) -> list[str]:
    return [sys.executable, "-c", f"from monitor.cli import main; main({list(arguments)!r})"]


def health_check(port: str) -> list[str]:
    """The health check of the image, asked at another port."""
    text = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    found = re.search(r"HEALTHCHECK .*?CMD (\[.*?\])\n", text, flags=re.S)
    assert found is not None
    command: list[str] = json.loads(found[1])
    return [sys.executable, *(part.replace(":8765/", f":{port}/") for part in command[1:])]


def test_the_daemon_runs_as_nobody_with_one_folder_to_write_and_ends_at_sigterm(
    data: Path, tmp_path: Path, httpserver: HTTPServer
) -> None:
    asked: list[str] = []

    def publish(request: Request) -> Response:
        asked.append(request.path)
        return Response(body("ARKF", date(2022, 1, 3)), content_type="text/csv")

    httpserver.expect_request(re.compile("/.*")).respond_with_handler(publish)
    file = tmp_path / "monitor.toml"
    file.write_text(
        f'database = "sqlite:///{data}/holdings.db"\n[[watch]]\nissuer = "ark"\nfunds = ["ARKF"]\n[issuers.ark]\n'
        f'base_url = "{httpserver.url_for("/")}"\nallow_private = true\nmin_interval = 0\n',
        encoding="utf-8",
    )
    port = str(free_port())
    environ = {"CONFIG": str(file), "DAEMON__LOG": "json", "WEB__ENABLED": "true", "WEB__PORT": port}
    running = contained(data, *entrance("run"), **{f"HOLDINGS_MONITOR_{name}": text for name, text in environ.items()})
    try:
        until = time.monotonic() + 120
        healthy = False
        while not (asked and healthy) and time.monotonic() < until and running.outer.poll() is None:
            healthy = subprocess.run(health_check(port), capture_output=True, check=False).returncode == 0
            time.sleep(0.05)
        os.kill(running.inside(), signal.SIGTERM)
        said, _ = running.outer.communicate(timeout=120)
    finally:
        running.outer.kill()
    assert running.outer.returncode == 0, said
    assert asked, said
    assert healthy, said
    assert "Traceback" not in said
    assert all(line.startswith('{"time": "') for line in said.splitlines()), said
    assert {path.name.partition("-")[0] for path in data.iterdir()} == {"holdings.db"}
    assert (data / "holdings.db").stat().st_uid == NOBODY


def test_a_database_that_may_not_be_written_is_said_in_words(data: Path, tmp_path: Path) -> None:
    trial = contained(data, *entrance("db", "upgrade", "--db", str(tmp_path / "elsewhere.db")))
    said, _ = trial.outer.communicate(timeout=120)
    assert trial.outer.returncode == 1, said
    assert "cannot be opened: check that the folder may be written" in said
    assert "Traceback" not in said
