"""Runs the service with uvicorn: on a port of its own (`serve`), or beside the ticks of a daemon (`run`)."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from monitor.web.connection import Connection
from monitor.web.service import build

if TYPE_CHECKING:
    from fastapi import FastAPI

    from monitor.web.server import Site

CONNECTIONS = 256  # of those that ask nothing the oldest gives way to more; else these are turned away
PATIENCE = 10  # seconds for answers that have begun, at the end
AGAIN = 15.0  # seconds until a busy port is tried again
log = logging.getLogger("monitor.web")


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError when the port is taken or the address is none of ours."""
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(128)
    except BaseException:
        found.close()
        raise
    return found


def server_of(service: FastAPI) -> uvicorn.Server:
    """The server. It writes no line per request, believes no forwarded address and does not say what it is."""
    return uvicorn.Server(
        uvicorn.Config(
            service,
            http=Connection,
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=PATIENCE,
        )
    )


class PageService:
    """The page and the API in a thread of the daemon. A busy port is said once, and tried again."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.stopping = threading.Event()
        self.server = server_of(build(site.app, site))
        self.thread = threading.Thread(target=self.run, name="web", daemon=True)

    def run(self) -> None:
        """Serves until `stop`."""
        listening = self._bind()
        if listening is not None:
            with listening:
                self.server.run(sockets=[listening])

    def _bind(self) -> socket.socket | None:
        settings, said = self.site.app.config.web, False
        while not self.stopping.is_set():
            try:
                found = bound(settings.host, settings.port)
            except OSError as error:
                if not said:
                    log.error("cannot answer at %s:%d (%s); trying again", settings.host, settings.port, error.strerror)
                said = True
                self.stopping.wait(AGAIN)
            else:
                log.info("answering at http://%s:%d/", settings.host, settings.port)
                return found
        return None

    def stop(self) -> None:
        """Ends the answers."""
        self.stopping.set()
        self.server.should_exit = True
        self.thread.join(timeout=PATIENCE + 5)
