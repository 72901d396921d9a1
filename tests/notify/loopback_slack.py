"""A Slack on this machine: the Web API over HTTP and Socket Mode over a real WebSocket."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from pytest_httpserver import HTTPServer
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve
from werkzeug import Request, Response

Json = dict[str, Any]
PATIENCE = 60.0  # seconds a test waits for what must come


def until(what: Callable[[], object], words: str) -> None:
    """Returns when `what` is true; fails when it does not become true."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, f"{words} did not happen"
        time.sleep(0.01)


class LoopbackSlack:
    """Keeps what was posted, and says to the connected program what a test wants said."""

    def __init__(self, web: HTTPServer) -> None:
        self.web = web
        self.opening: list[Json] = []  # answers of apps.connections.open, before the usual one
        self.opened: list[str] = []  # the tokens it was asked with
        self.sessions: list[ServerConnection] = []
        self.acks: list[str] = []
        self.answers: list[Json] = []  # what came to the address of a question
        self.answer_status = 200
        self.posted: list[tuple[str, Json]] = []
        self._connected = threading.Condition()
        self._server: Server = serve(self._session, "127.0.0.1", 0)
        self.port = int(self._server.socket.getsockname()[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        web.expect_request("/api/apps.connections.open").respond_with_handler(self._open)
        web.expect_request("/answer").respond_with_handler(self._answer)
        for method in ("chat.postEphemeral", "chat.postMessage"):
            web.expect_request(f"/api/{method}").respond_with_handler(self._post)

    def stop(self) -> None:
        """Ends the WebSocket server."""
        self._server.shutdown()
        self._thread.join(5)

    def _open(self, request: Request) -> Response:
        self.opened.append(request.headers.get("Authorization", ""))
        usual: Json = {"ok": True, "url": f"ws://127.0.0.1:{self.port}/link/?ticket=secret-ticket"}
        return _json(self.opening.pop(0) if self.opening else usual)

    def _answer(self, request: Request) -> Response:
        if self.answer_status != 200:
            return Response("expired_url", status=self.answer_status)
        self.answers.append(json.loads(request.get_data()))
        return Response("ok")

    def _post(self, request: Request) -> Response:
        self.posted.append((request.path.rsplit("/", 1)[-1], json.loads(request.get_data())))
        return _json({"ok": True, "channel": "C1", "ts": "9.9"})

    def _session(self, connection: ServerConnection) -> None:
        connection.send(json.dumps({"type": "hello", "num_connections": 1}))
        with self._connected:
            self.sessions.append(connection)
            self._connected.notify_all()
        try:
            for text in connection:
                ack = json.loads(text)
                self.acks.append(ack["envelope_id"])
                if "payload" in ack:
                    self.answers.append(ack["payload"])
        except ConnectionClosed:
            pass

    def session(self, number: int = 0) -> ServerConnection:
        """The connection with this number, once it is there."""
        with self._connected:
            assert self._connected.wait_for(lambda: len(self.sessions) > number, PATIENCE), "nobody connected"
        return self.sessions[number]

    def send(self, message: Json, number: int = 0) -> None:
        """Says something to a connected program."""
        self.session(number).send(json.dumps(message))

    def drop(self, number: int = 0) -> None:
        """Ends a connection without a word, as a lost network does."""
        self.session(number).socket.shutdown(socket.SHUT_RDWR)

    def command(self, text: str, envelope: str = "e1", **more: Json | str) -> Json:
        """The envelope of a slash command."""
        payload = {
            "type": "slash_commands", "command": "/holdings", "text": text, "user_id": "U012AB", "user_name": "anna",
            "team_id": "T1", "channel_id": "C1", "channel_name": "alerts", "token": "verification-secret",
            "trigger_id": f"t-{envelope}", "response_url": self.web.url_for("/answer"), **more,
        }  # fmt: skip
        return {"type": "slash_commands", "envelope_id": envelope, "payload": payload, "accepts_response_payload": True}

    def press(self, action: str, item: str, envelope: str = "e1", **more: Json | str) -> Json:
        """The envelope of a press on a button."""
        payload = {
            "type": "block_actions", "user": {"id": "U012AB", "username": "anna", "team_id": "T1"},
            "container": {"type": "message", "message_ts": "1.5", "channel_id": "C1", "is_ephemeral": False},
            "trigger_id": f"t-{envelope}", "channel": {"id": "C1", "name": "alerts"}, "message": {"ts": "1.5"},
            "response_url": self.web.url_for("/answer"),
            "actions": [{"type": "button", "action_id": action, "value": item, "action_ts": f"17.{envelope}"}], **more,
        }  # fmt: skip
        return {"type": "interactive", "envelope_id": envelope, "payload": payload, "accepts_response_payload": False}


def _json(tree: Json) -> Response:
    return Response(json.dumps(tree), content_type="application/json")
