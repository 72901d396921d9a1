"""Gets pictures of charts from a process of its own, within bounds of memory and time. It does not load the library.

Whatever becomes of it – it is not installed, it fails, it takes too long – ends in a message without a picture, never
in one that is late or lost. Why is said once.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import OrderedDict
from pathlib import Path

from monitor.notify.chart import Chart
from monitor.notify.drawing import LARGEST, MISSING, TOO_LARGE

SECONDS = 10.0  # for one picture, waiting included
KEPT = 8  # pictures: the channels of a pass ask for the same one
TRIES = 3  # failures in a row, after which no more pictures are tried: each would cost a message its time
NOT_INSTALLED = 'matplotlib is not installed: pip install "holdings-monitor[png]"'
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PROGRAM = Path(__file__).with_name("drawing.py")
log = logging.getLogger(__name__)


def is_installed() -> bool:
    """Whether what draws is there; it is looked for, not loaded."""
    return importlib.util.find_spec("matplotlib") is not None


class Painter:
    """Paints one chart at a time and remembers the last few. Any thread may ask."""

    def __init__(self, program: Path = _PROGRAM, seconds: float = SECONDS) -> None:
        self._program, self._seconds = program, seconds
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._said: set[str] = set()
        self.reason = ""  # why there was no picture, the last time there was none
        self._failures = 0
        self._folder = ""

    def paint(self, chart: Chart) -> bytes | None:
        """The chart as a PNG of less than 100 kB, or None; never later than its time allows."""
        text, end = chart.to_json(), time.monotonic() + self._seconds
        if not self._lock.acquire(timeout=self._seconds):
            return None
        try:
            if (known := self._kept.get(text)) is not None:
                self._kept.move_to_end(text)
                return known
            picture = self._painted(text, end - time.monotonic())
            if picture is not None:
                self._kept[text] = picture
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return picture
        finally:
            self._lock.release()

    def _painted(self, text: str, seconds: float) -> bytes | None:
        if self._failures >= TRIES:
            return None
        if not is_installed():
            return self._none(NOT_INSTALLED, count=False)
        try:
            done = self._run(text, seconds)
        except subprocess.TimeoutExpired:
            return self._none(f"not drawn within {self._seconds:.0f} seconds")
        except (OSError, ValueError) as error:
            return self._none(f"the drawing program cannot be run ({type(error).__name__})")
        if done.returncode == 0 and done.stdout.startswith(SIGNATURE) and len(done.stdout) <= LARGEST:
            self._failures = 0
            return done.stdout
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
        known = {MISSING: NOT_INSTALLED, TOO_LARGE: "it needs more room than is allowed"}
        return self._none(known.get(done.returncode, f"drawing failed ({done.returncode}) {said}".rstrip()))

    def _run(self, text: str, seconds: float) -> subprocess.CompletedProcess[bytes]:
        """The program, alone in a folder of ours: it must read no settings of somebody's, and inherit no secrets."""
        if not self._folder:  # for all pictures, because the library writes down there which fonts it has found
            self._folder = tempfile.mkdtemp(prefix="holdings-monitor-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        needed = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
        environ = {key: os.environ[key] for key in needed if key in os.environ}
        environ |= {"MPLCONFIGDIR": self._folder, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PATH": ""}
        command = [sys.executable, "-I", str(self._program)]
        return subprocess.run(  # noqa: S603
            command,
            input=text.encode(),
            capture_output=True,
            timeout=max(seconds, 0.1),
            check=False,
            cwd=self._folder,
            env=environ,
        )

    def _none(self, reason: str, *, count: bool = True) -> bytes | None:
        self._failures += count
        self.reason = reason
        if reason not in self._said:
            self._said.add(reason)
            log.warning("messages go without a picture: %s", reason)
        if self._failures == TRIES:
            log.warning("no more pictures are tried until the next start")
        return None
