"""The browser of the tests: found, or installed where that is one command away. A browser that is missing is a failure,
never a skipped test: what nobody has looked at is not known to work.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

NAMES = ("chromium-headless-shell", "chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
PLACES = ("/usr/bin", "/usr/lib/chromium", "/opt/google/chrome", "/snap/bin")
PACKAGE = "chromium-headless-shell"
COMMAND = f"apt-get update && apt-get install --yes --no-install-recommends {PACKAGE}"
SECONDS = 300  # for each of the two steps
# Nothing that a browser does by itself on a network, and what containers lack.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowser(Exception):
    """There is none, and it cannot be installed from here; says the one command that does."""


def executable() -> str:
    """The path of a Chromium. Installs Debian's where there is none and we may."""
    found = find(os.environ)
    if found is None and may_install():
        with _alone():
            found = find(os.environ) or _install()
    if found is None:
        raise NoBrowser(f"The browser tests need Chromium. As root: {COMMAND}   (or set TEST_CHROMIUM to its path)")
    return found


def find(environ: Mapping[str, str]) -> str | None:
    """The path that TEST_CHROMIUM names, or the first Chromium of the usual names and places."""
    named = environ.get("TEST_CHROMIUM")
    if named:
        if not os.access(named, os.X_OK):
            raise NoBrowser(f"TEST_CHROMIUM is {named!r}, which is no program.")
        return named
    path = os.pathsep.join([environ.get("PATH", ""), *PLACES])
    return next((found for name in NAMES if (found := shutil.which(name, path=path))), None)


def may_install() -> bool:
    """Whether we are root on a Debian."""
    return os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def _alone() -> _Lock:
    return _Lock(Path(tempfile.gettempdir()) / f"holdings-monitor-{PACKAGE}.lock")


class _Lock:
    """Only one process at a time: the workers of pytest-xdist all want the browser in the same moment."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")

    def __enter__(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _install() -> str | None:
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "--quiet"],
        ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", PACKAGE],
    ):
        try:
            done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise NoBrowser(f"{' '.join(command)} took more than {SECONDS} s. Try it by hand: {COMMAND}") from None
        if done.returncode and "install" in command:
            raise NoBrowser(f"{' '.join(command)} failed: {done.stderr.strip()[-800:]}\nTry it by hand: {COMMAND}")
    return find(os.environ)
