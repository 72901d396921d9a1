"""The OpenAPI document: what FastAPI finds, with our shared schemas and how to show the token."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from monitor.web.api.schema import COMPONENTS, UNKNOWN

ABOUT = """Read-only answers over the history of funds' holdings. Every question of the command line is an endpoint with
the same parameters. Dates: 2021-09-03, today, yesterday, -30d.

Forms: JSON, JSON lines, CSV and Parquet by `Accept` or by a suffix (`/api/v1/holdings.csv`). Pages: `limit`, `offset`
and the Link header. Unknown is null, never 0. Decimals are exact JSON numbers. `files` are the published files every
figure rests on. Errors are problems (RFC 9457).
"""


def install(service: FastAPI, url: str | None) -> None:
    """Lets the service describe itself."""

    def described() -> dict[str, Any]:
        if service.openapi_schema is None:
            service.openapi_schema = _made(service, url)
        return service.openapi_schema

    service.openapi = described  # type: ignore[method-assign]


def _made(service: FastAPI, url: str | None) -> dict[str, Any]:
    servers = [{"url": url}] if url else None
    found = get_openapi(
        title=service.title, version=service.version, description=ABOUT, routes=service.routes, servers=servers
    )
    components = found.setdefault("components", {})
    components["schemas"] = COMPONENTS
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{}, {"token": []}]
    filled: dict[str, Any] = _filled(found)
    return filled


def _filled(tree: Any) -> Any:
    """With null where an example has it: FastAPI leaves out what is None."""
    if isinstance(tree, dict):
        return {key: _filled(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_filled(value) for value in tree]
    return None if tree == UNKNOWN else tree
