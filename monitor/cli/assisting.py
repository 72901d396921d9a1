"""The command `mcp`: the history for assistants, over standard input and output."""

from __future__ import annotations

from importlib.util import find_spec

from monitor.cli.context import program
from monitor.cli.options import ConfigFile, Db
from monitor.core.errors import UsageError


def mcp(db: Db = None, config: ConfigFile = None) -> None:
    """Answer assistants over the Model Context Protocol (standard input and output), read-only, with citations."""
    if find_spec("mcp") is None:
        raise UsageError('This needs the package mcp: pip install "holdings-monitor[mcp]".')
    from monitor.assisting.server import serve

    serve(program(config, db))
