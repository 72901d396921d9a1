"""Processes of the test build, from the outside: started, watched, stopped by their number, and always ended."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.reliability.nursery import die_with_parent
from tests.reliability.serving import wait_for

ROOT = Path(__file__).resolve().parents[2]
BIRTH = 120.0  # seconds until all is imported on a very busy machine


@dataclass
class Child:
    """One process."""

    pid: int
    log: Path
    ended: threading.Event = field(default_factory=threading.Event)
    code: int | None = None

    def signal(self, number: int) -> None:
        """Sends a signal to the process, when it still runs."""
        if not self.ended.is_set():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def is_stopped(self) -> bool:
        """Whether it sleeps until it is continued."""
        with suppress(OSError):
            return Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "T"
        return False

    def kill(self) -> None:
        """Ends it at once."""
        self.signal(signal.SIGKILL)
        self.wait(60)

    def stop(self, seconds: float = 90) -> int:
        """Asks a daemon to finish, once it can hear that; the exit code. The seconds are counted from then on."""
        until = time.monotonic() + BIRTH
        while not (self.ended.wait(0.05) or self._hears() or time.monotonic() > until):
            pass
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def _hears(self) -> bool:
        return self.log.exists() and "watching as" in self.log.read_text(encoding="utf-8", errors="replace")

    def wait(self, seconds: float) -> int:
        """The exit code. Kills it and fails when that takes longer than `seconds`."""
        if not self.ended.wait(seconds):
            self.signal(signal.SIGKILL)
            self.ended.wait(60)
            raise AssertionError(f"a process did not end in {seconds:.0f} s:\n{self.said()}")
        assert self.code is not None
        return self.code

    def over(self, code: int) -> None:
        """It has ended."""
        self.code = code
        self.ended.set()

    def said(self) -> str:
        """The end of what it printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:] if self.log.exists() else ""

    def last_words(self) -> str:
        """How it ended and what it printed, for a failure: one that died at birth has printed nothing."""
        return f"process {self.pid} ended with {self.code} and said: {self.said() or 'nothing'}"


class Launcher(Protocol):
    """Starts processes of the test build."""

    def start(self, args: Sequence[str], cwd: Path, env: Mapping[str, str], log: Path) -> Child:
        """The process running `args`."""
        ...


class Spawner:
    """Starts each process from nothing, as a user does."""

    def start(self, args: Sequence[str], cwd: Path, env: Mapping[str, str], log: Path) -> Child:
        """The process running `args`."""
        command = [sys.executable, "-m", "tests.reliability.app", *args]
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**env, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,
            )
        one = Child(process.pid, log)
        threading.Thread(target=lambda: one.over(process.wait()), daemon=True).start()
        return one


class Nursery:
    """Starts each process by forking one that has imported everything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._children: dict[int, Child] = {}
        self._born: queue.SimpleQueue[Child] = queue.SimpleQueue()
        self._ready = threading.Event()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.nursery"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def start(self, args: Sequence[str], cwd: Path, env: Mapping[str, str], log: Path) -> Child:
        """The process running `args`."""
        wait_for("the nursery", self._is_ready, BIRTH)
        order = {"args": list(args), "cwd": str(cwd), "env": dict(env), "log": str(log)}
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write((json.dumps(order) + "\n").encode())
            self._process.stdin.flush()
            one = self._born.get(timeout=BIRTH)  # which may have ended by now
            one.log = log
            return one

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, "the nursery ended"
        return self._ready.is_set()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "started" in told:
                one = self._children[told["started"]] = Child(told["started"], Path(os.devnull))
                self._born.put(one)
            elif "ended" in told:
                self._children.pop(told["ended"]).over(told["code"])
            else:
                self._ready.set()

    def close(self) -> None:
        """Ends it, and with it every child."""
        self._process.kill()
        self._process.wait()


@contextmanager
def nursery() -> Iterator[Nursery]:
    """A nursery, closed at the end."""
    one = Nursery()
    try:
        yield one
    finally:
        one.close()
