"""A server of files on this machine: `python -m tests.bench.served FOLDER SECONDS`. It prints its port.

It answers for `/ISSUER/FUND/DATE.csv` in whatever case, each answer in one piece and `SECONDS` after the question, as a
server does that is far away.
"""

from __future__ import annotations

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Answering(BaseHTTPRequestHandler):
    """Looks a path up among the bodies."""

    protocol_version = "HTTP/1.1"
    bodies: dict[str, bytes] = {}  # noqa: RUF012 – one server in a process
    seconds = 0.0

    def do_GET(self) -> None:
        """The file, or that there is none."""
        time.sleep(self.seconds)
        body = self.bodies.get(self.path.lower())
        status = "404 Not Found" if body is None else "200 OK"
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/csv\r\nContent-Length: {len(body or b'')}\r\n\r\n"
        self.wfile.write(head.encode() + (body or b""))

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


def main(folder: Path, seconds: float) -> None:
    """Serves until it is ended."""
    Answering.seconds = seconds
    Answering.bodies = {f"/{one.relative_to(folder)}".lower(): one.read_bytes() for one in folder.rglob("*.csv")}
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
