"""The command `serve`: the web page and the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.context import program
from monitor.cli.options import ConfigFile, Db


def serve(
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="The port; 0: any free one.")] = None,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """The web page and the HTTP API, read-only, at http://127.0.0.1:8765."""
    import uvicorn

    from monitor.web.service import build

    app = program(config, db)
    uvicorn.run(build(app), host=host or app.config.web.host, port=port or app.config.web.port, log_level="warning")
