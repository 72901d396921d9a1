"""The command `serve`: the web page and the HTTP API."""

from __future__ import annotations

import gc
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import output
from monitor.cli.context import FAILED, program
from monitor.cli.options import ConfigFile, Db

if TYPE_CHECKING:
    from monitor.app import App


def serve(
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="The port; 0: any free one.")] = None,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """The web page and the HTTP API, read-only, at http://127.0.0.1:8765."""
    listen(listening_at(program(config, db), host, port), port, browser)


def listen(app: App, port: int | None, browser: bool = False) -> None:
    """Serves until a signal ends it. Exits with 1 where the port is taken."""
    _say_state(app)
    from monitor.web.listening import bound, server_of
    from monitor.web.service import build

    where = app.config.web.host
    try:
        listening = bound(where, app.config.web.port if port is None else port)
    except OSError as error:
        at = f"{where}:{app.config.web.port if port is None else port}"
        output.tell(f"Cannot listen at {at}: {error.strerror}. Choose another port: --port 0 takes any free one.")
        raise typer.Exit(FAILED) from None
    server = server_of(build(app))
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn ends by itself, then hands the signal on: to nobody
        signal.signal(number, lambda *_: None)
    address = f"http://{f'[{where}]' if ':' in where else where}:{listening.getsockname()[1]}/"
    gc.freeze()  # what is loaded now lasts: looking through it again and again would cost single answers 40 ms
    with listening:
        output.say(f"The page is at {address} – the API at {address}api/v1. Stop with Ctrl-C.")
        if browser:
            typer.launch(address)
        server.run(sockets=[listening])


def listening_at(app: App, host: str | None, port: int | None) -> App:
    """The program with where to listen. Raises ConfigError or UsageError where that is not safe."""
    from dataclasses import replace

    from monitor.config.fields import LOOPBACK
    from monitor.core.errors import ConfigError, UsageError

    web = app.config.web
    if app.config.web_fault:
        raise ConfigError(app.config.web_fault)
    where = host or web.host
    if where not in LOOPBACK and web.token is None:
        raise UsageError(
            f"--host {where} would let everybody read who reaches this machine. Set a token first, for example\n"
            '[web]\ntoken_env = "MONITOR_WEB_TOKEN"'
        )
    found = web.model_copy(update={"host": where, "port": port or web.port})
    return replace(app, config=replace(app.config, web=found))


def _say_state(app: App) -> None:
    """Why the database cannot be asked, if so: the service starts all the same and answers once it can."""
    from monitor.core.errors import StoreError
    from monitor.store.migrate import open_current

    try:
        open_current(app.config.database, read_only=True).dispose()
    except StoreError as error:
        output.tell(str(error))
        output.tell("Until then every question is answered with 503.")
