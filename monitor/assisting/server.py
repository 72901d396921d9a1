"""The MCP server over standard input and output. It ends when its input ends or it is told to (SIGTERM)."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server

from monitor import __version__
from monitor.assisting import bounding, tools
from monitor.core.errors import MonitorError
from monitor.store.engine import StoreUnavailable
from monitor.web.reading import SECONDS, Reading

if TYPE_CHECKING:
    from monitor.app import App

INSTRUCTIONS = (
    "Answers about what funds held, bought and sold, from the files their issuers publish. Read-only. Quote the as-of "
    "date and the file of every figure. " + tools.DATA
)
TOO_LONG = f"This took longer than {SECONDS:g} seconds, or the database is busy. Ask for less: one fund, fewer days."
RESOURCES = {
    "holdings://questions": ("questions", "What can be asked", tools.questions_text),
    "holdings://views": ("views", "The documented SQL views with columns, types and meaning", tools.views_text),
}


def serve(app: App) -> None:
    """Serve until the input ends, or nobody takes the answers any more."""
    reading = Reading(app)
    try:
        anyio.run(_run, app, reading)
    except* BrokenPipeError:
        os._exit(0)  # at once, for Python would say at its end what it could not write
    finally:
        reading.close()


async def _run(app: App, reading: Reading) -> None:
    server = build(app, reading)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # nothing is held that must be put away
    async with stdio_server() as (inward, outward):
        await server.run(inward, outward, server.create_initialization_options())


def build(app: App, reading: Reading) -> Server[Any]:
    """The server; its answers come from `reading`."""
    readonly = types.ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )

    async def list_tools(_: Any, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        found = [
            types.Tool(
                name=one["name"], description=one["description"], input_schema=one["schema"], annotations=readonly
            )
            for one in tools.descriptions()
        ]
        return types.ListToolsResult(tools=found)

    async def call_tool(_: Any, wanted: types.CallToolRequestParams) -> types.CallToolResult:
        def look() -> dict[str, Any]:
            return tools.answer(reading, app.sources(), wanted.name, wanted.arguments or {})

        try:
            found = await anyio.to_thread.run_sync(look)
        except StoreUnavailable:  # its words name a place on this machine
            return types.CallToolResult(content=[types.TextContent(type="text", text=TOO_LONG)], is_error=True)
        except MonitorError as error:
            said = types.TextContent(type="text", text=str(bounding.clean(str(error))))
            return types.CallToolResult(content=[said], is_error=True)
        text = types.TextContent(type="text", text=tools.rendered(found))
        return types.CallToolResult(content=[text], structured_content=found)

    async def list_resources(_: Any, __: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        found = [
            types.Resource(uri=uri, name=name, description=about, mime_type="application/json")
            for uri, (name, about, _text) in RESOURCES.items()
        ]
        return types.ListResourcesResult(resources=found)

    async def read_resource(_: Any, wanted: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        if str(wanted.uri) not in RESOURCES:
            raise ValueError(f"There is no resource {bounding.clean(str(wanted.uri))}.")
        text = RESOURCES[str(wanted.uri)][2]()
        contents = types.TextResourceContents(uri=str(wanted.uri), mime_type="application/json", text=text)
        return types.ReadResourceResult(contents=[contents])

    return Server(
        "holdings-monitor",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
    )
