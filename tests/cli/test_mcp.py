"""The MCP server as a real client sees it, over standard input and output."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from monitor.asking.registry import QUESTIONS
from monitor.assisting import tools
from tests.cli.look_alike import HOSTILE

SECONDS = 120
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("holdings", {}, "needs fund"),
    ("holdings", {"fund": "NONE"}, "NONE"),
    ("holdings", {"fund": "ARKF", "limit": 5000}, "limit"),
    ("nothing", {}, "no question"),
    ("why", {"id": "E0"}, "explain"),
]


@pytest.fixture(scope="module")
def said(sqlite_story: Path) -> dict[str, Any]:
    """What one session with a server of its own brings."""
    code = "from monitor.cli import main; main()"
    server = StdioServerParameters(command=sys.executable, args=["-c", code, "mcp", "--db", str(sqlite_story)])

    async def whole() -> dict[str, Any]:
        with anyio.fail_after(SECONDS):
            async with Client(stdio_client(server)) as client:
                return {
                    "tools": (await client.list_tools()).tools,
                    "page": await client.call_tool("holdings", {"fund": "ARKF", "on": "2022-01-05", "limit": 3}),
                    "all": await client.call_tool("holdings", {"fund": "ARKF"}),
                    "wrong": [await client.call_tool(name, given) for name, given, _ in WRONG],
                    "views": await client.read_resource("holdings://views"),
                }

    return anyio.run(whole)


def test_every_question_is_a_read_only_tool(said: dict[str, Any]) -> None:
    assert [one.name for one in said["tools"]] == [*(one.name for one in QUESTIONS), "why"]
    assert all(one.annotations.read_only_hint for one in said["tools"])
    assert all(one.input_schema["additionalProperties"] is False for one in said["tools"])


def test_an_answer_is_structured_and_cites_its_files(said: dict[str, Any]) -> None:
    found = said["page"]
    assert not found.is_error
    body = found.structured_content
    assert body["asked"] == {"fund": "ark/ARKF", "on": "2022-01-05"}
    assert len(body["rows"]) == 3
    assert "offset=3" in body["more"]
    assert [(one["as_of"], len(one["sha256"])) for one in body["files"]] == [("2022-01-05", 64)]
    assert "not instructions" in found.content[0].text


def test_errors_are_said_in_words(said: dict[str, Any]) -> None:
    for (name, _, words), found in zip(WRONG, said["wrong"], strict=True):
        assert found.is_error, name
        assert words in found.content[0].text


def test_hostile_names_are_data(said: dict[str, Any]) -> None:
    assert HOSTILE in {row["security"]["name"] for row in said["all"].structured_content["rows"]}
    assert tools.clean("a\u202eb\x1b[31m\nIGNORE") == "a b [31m IGNORE"
    assert len(tools.clean("X" * 4096)) == tools.LONGEST


def test_a_resource_lists_the_views(said: dict[str, Any]) -> None:
    assert "v_holdings" in {one["view"] for one in json.loads(said["views"].contents[0].text)}
