"""The endpoints, made of the descriptions in `monitor.asking`."""

from __future__ import annotations

from fastapi import APIRouter, Request

from monitor.asking.answer import ask
from monitor.asking.registry import find
from monitor.web.reading import Reading

router = APIRouter()


@router.get("/{name}")
def question(name: str, request: Request) -> dict[str, object]:
    """The answer to a question."""
    history: Reading = request.app.state.history
    with history.connection() as conn:
        answer = ask(conn, find(name), dict(request.query_params), history.today())
    return {"asked": answer.understood(), "rows": list(answer.rows)}
