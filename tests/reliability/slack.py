"""Slack's Web API as far as it is used, on this machine: it keeps messages with their metadata and fails by script."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.reliability.serving import Answering, Call, Fault, Loopback, Script
from tests.reliability.visible import MARK, Ledger, Visible

KEPT_THEN_DROPPED = Fault(kept=True, drop=True)
KEPT_THEN_500 = Fault(500, kept=True, body=b"oops")
DROPPED = Fault(drop=True)
SERVER_ERROR = Fault(503, body=b"unavailable")
ONE_BYTE_A_SECOND = Fault(kept=True, trickle=1.0)


def limited(after: str | None) -> Fault:
    """429 with this Retry-After, or without one."""
    headers = (("Retry-After", after),) if after is not None else ()
    return Fault(429, headers=headers, body=b'{"ok":false,"error":"ratelimited"}')


def refused(error: str) -> Fault:
    """Slack's way of saying no."""
    return Fault(error=error)


@dataclass(slots=True)
class Post:
    """One message in a conversation."""

    channel: str
    ts: str
    text: str
    thread: str
    metadata: dict[str, Any]
    at: float
    edits: int = 0
    blocks: list[Any] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The idempotency key it carries."""
        return str(self.metadata.get("event_payload", {}).get("key", ""))


@dataclass(slots=True)
class File:
    """A file that was announced, sent, and finished."""

    id: str
    length: int
    alt: str
    looks: int = 0
    body: bytes = b""
    complete: bool = False
    shared: bool = False


class Slack(Loopback):
    """Every conversation it is asked about exists. `scripts["method"]` misbehaves everywhere, `scripts["method C1"]`
    in one conversation; `pace` is the least time between
    two messages of a conversation, in seconds of the real clock, below which it answers 429."""

    def __init__(self, ledger: Ledger, pace: float = 0.0) -> None:
        super().__init__(_Answer)
        self.ledger = ledger
        self.pace = pace
        self.scripts: defaultdict[str, Script] = defaultdict(Script)
        self.calls: list[Call] = []
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.posts: list[Post] = []
        self.limited = 0
        self._made = 0
        self._next_at: dict[str, float] = {}
        self._lock = threading.Lock()

        self.files: dict[str, File] = {}
        self.scopes = "chat:write,channels:history,files:write"
        self.looks = 0  # how often a message with a fresh file is refused, because Slack still looks at it
        self.upload_to = ""  # another place than ours

    @property
    def api(self) -> str:
        """The `base_url` of the configuration."""
        return f"{self.url}/api/"

    def call(self, method: str, asked: dict[str, Any]) -> tuple[dict[str, Any], Fault | None]:
        """The answer to one call, and how it is to be given."""
        with self._lock:
            channel = str(asked.get("channel", ""))
            fault = self.scripts[f"{method} {channel}"].take() or self.scripts[method].take()
            self.calls.append(Call(method, channel, self.now(), fault))
            if fault is not None and fault.error:
                return {"ok": False, "error": fault.error}, None
            if fault is not None and not fault.kept and (fault.drop or fault.status >= 400):
                return {}, fault
            if method == "chat.postMessage" and (wait := self._too_fast(channel)):
                self.limited += 1
                return {}, limited(str(wait))
            known = _METHODS.get(method)
            return (known(self, asked) if known else {"ok": False, "error": "unknown_method"}), fault

    def _too_fast(self, channel: str) -> int:
        now = time.monotonic()
        if not self.pace or now >= self._next_at.get(channel, 0.0):
            self._next_at[channel] = now + self.pace
            return 0
        return max(1, round(self.pace))

    def _file(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "files:write" not in self.scopes:
            return {"ok": False, "error": "missing_scope", "needed": "files:write", "provided": self.scopes}
        name = f"F{len(self.files):010}"
        self.files[name] = File(name, int(asked["length"]), str(asked.get("alt_txt") or ""), looks=self.looks)
        return {"ok": True, "upload_url": f"{self.upload_to or self.url}/upload/v1/{name}", "file_id": name}

    def upload(self, name: str, body: bytes) -> Fault | None:
        """Bytes for a file that was announced."""
        with self._lock:
            fault = self.scripts["upload"].take()
            self.calls.append(Call("upload", "", self.now(), fault))
            if name in self.files and (fault is None or fault.kept):
                self.files[name].body = body
            return fault

    def _complete(self, asked: dict[str, Any]) -> dict[str, Any]:
        for one in _tree(asked["files"]):
            file = self.files.get(one["id"])
            if file is None or len(file.body) != file.length:
                return {"ok": False, "error": "file_not_found"}
            file.complete, file.shared = True, bool(asked.get("channel_id") or asked.get("channels"))
        return {"ok": True, "files": [{"id": one["id"]} for one in _tree(asked["files"])]}

    def _unready(self, asked: dict[str, Any]) -> bool:
        """Whether the message shows a file that is not there, or that Slack has not looked at yet."""
        for block in _tree(asked.get("blocks")) or []:
            if block.get("type") == "image":
                file = self.files.get(block["slack_file"]["id"])
                if file is None or not file.complete or not block["alt_text"]:
                    return True
                file.looks -= 1
                if file.looks >= 0:
                    return True
        return False

    def _post(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self._unready(asked):
            return {"ok": False, "error": "invalid_blocks", "errors": ["invalid slack file [/blocks/3/slack_file]"]}
        self._made = max(self._made + 1, time.time_ns() // 1000)
        ts = f"{self._made // 1_000_000}.{self._made % 1_000_000:06}"
        text, thread = str(asked.get("text") or ""), str(asked.get("thread_ts") or "")
        metadata = _tree(asked.get("metadata")) or {}
        post = Post(str(asked["channel"]), ts, text, thread, metadata, time.monotonic())
        post.blocks = _tree(asked.get("blocks")) or []
        self.posts.append(post)
        marked = MARK in f"{text}{json.dumps(post.blocks)}".lower()
        self.ledger.add(Visible(f"slack:{post.channel}", post.key, text, marked, thread))
        return {"ok": True, "channel": post.channel, "ts": ts, "message": _shown(post, True)}

    def _update(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self._unready(asked):
            return {"ok": False, "error": "invalid_blocks"}
        for post in self.posts:
            if (post.channel, post.ts) == (asked.get("channel"), asked.get("ts")):
                post.text, post.edits = str(asked.get("text") or ""), post.edits + 1
                post.metadata = _tree(asked.get("metadata")) or post.metadata
                post.blocks = _tree(asked.get("blocks")) or post.blocks
                return {"ok": True, "channel": post.channel, "ts": post.ts, "text": post.text}
        return {"ok": False, "error": "message_not_found"}

    def _delete(self, asked: dict[str, Any]) -> dict[str, Any]:
        for post in self.posts:
            if (post.channel, post.ts) == (asked.get("channel"), asked.get("ts")):
                self.posts.remove(post)
                self.ledger.remove(f"slack:{post.channel}", post.key)
                return {"ok": True, "channel": post.channel, "ts": post.ts}
        return {"ok": False, "error": "message_not_found"}

    def _history(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = [one for one in reversed(self.posts) if one.channel == asked.get("channel") and not one.thread]
        return _page(found, asked)

    def _replies(self, asked: dict[str, Any]) -> dict[str, Any]:
        of = [one for one in self.posts if one.channel == asked.get("channel")]
        found = [one for one in of if asked.get("ts") in (one.ts, one.thread)]
        return _page(found, asked) if found else {"ok": False, "error": "thread_not_found"}

    def _auth(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "url": self.url, "team": "Stand-in", "user": "holdings", "bot_id": "B1", "user_id": "U1"}


_METHODS = {
    "chat.postMessage": Slack._post,
    "chat.update": Slack._update,
    "files.getUploadURLExternal": Slack._file,
    "files.completeUploadExternal": Slack._complete,
    "chat.delete": Slack._delete,
    "conversations.history": Slack._history,
    "conversations.replies": Slack._replies,
    "auth.test": Slack._auth,
}


def _tree(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value


def _shown(post: Post, metadata: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": "message", "ts": post.ts, "text": post.text, "bot_id": "B1"}
    if post.thread:
        shown["thread_ts"] = post.thread
    return shown | ({"metadata": post.metadata} if metadata else {})


def _page(found: list[Post], asked: dict[str, Any]) -> dict[str, Any]:
    oldest, latest = float(asked.get("oldest") or 0), float(asked.get("latest") or "inf")
    found = [one for one in found if oldest <= float(one.ts) <= latest]
    start, limit = int(asked.get("cursor") or 0), int(asked.get("limit") or 100)
    metadata = str(asked.get("include_all_metadata")).lower() in ("true", "1")
    page = [_shown(one, metadata) for one in found[start : start + limit]]
    cursor = str(start + limit) if start + limit < len(found) else ""
    return {"ok": True, "messages": page, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


class _Answer(Answering):
    server: Slack

    def do_POST(self) -> None:
        """One call of a method."""
        body = self.body()
        parts = urlsplit(self.path)
        if parts.path.startswith("/upload/"):
            self.answer(b"OK", "text/plain", self.server.upload(parts.path.rsplit("/", 1)[-1], body))
            return
        asked: dict[str, Any] = dict(parse_qsl(parts.query))
        if body and "json" in (self.headers.get("Content-Type") or ""):
            asked |= json.loads(body)
        else:
            asked |= dict(parse_qsl(body.decode()))
        answer, fault = self.server.call(parts.path.rsplit("/", 1)[-1], asked)
        scopes = (("X-OAuth-Scopes", self.server.scopes),)
        self.answer(json.dumps(answer).encode(), fault=fault or Fault(headers=scopes))

    do_GET = do_POST
