"""What a daemon takes that has nothing to do: `python -m tests.bench.idle SECONDS`, in an empty folder.

It watches one fund whose issuer does not answer on this machine, and is ended as an administrator would end it.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.harness import cpu_of, descendants, memory, ours

CONFIG = """database = "sqlite:///idle.db"

[[watch]]
issuer = "ark"
funds = ["ARKK"]

[issuers.ark.urls]
ARKK = "http://127.0.0.1:9/none.csv"

[channels.told]
type = "file"
path = "told.jsonl"
"""


def main(seconds: float) -> dict[str, float]:
    """Bytes after so many seconds, and the share of a core it used in the second half of them."""
    Path("monitor.toml").write_text(CONFIG, encoding="utf-8")
    with subprocess.Popen(ours("run"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            time.sleep(seconds / 2)
            before = cpu_of(process.pid, waited=True)
            time.sleep(seconds / 2)
            if process.poll() is not None:
                raise RuntimeError(f"the daemon ended with {process.returncode}")
            spent = cpu_of(process.pid, waited=True) - before
            found = {"idle": memory(descendants(process.pid)), "cpu_share": spent / (seconds / 2)}
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(float(sys.argv[1]))) + "\n")
