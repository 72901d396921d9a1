"""What people ask in Slack, and what an answer looks like there. No connection, no database, nothing decided."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.notify.blocks import (
    CONTEXT,
    FALLBACK,
    HEADER,
    MUTE,
    SECTION,
    TIMELINE,
    Block,
    escape,
    fitting,
    plain,
    preformatted,
)
from monitor.notify.words import clean

ROOM = 7_000  # characters of a table, escaped: Slack refuses messages of about 13,000
CELL = 32


class Ask(StrEnum):
    """What can be asked."""

    TIMELINE = "timeline"
    MUTE = "mute"
    COMMAND = "command"


BUTTONS = {TIMELINE: Ask.TIMELINE, MUTE: Ask.MUTE}


@dataclass(frozen=True, slots=True)
class Asked:
    """A press on a button, or a slash command.

    `text` is the item of a button, the words after the command. `press` tells one press from another. `answer_to`
    is an address that takes the answer.
    """

    what: Ask
    text: str
    user: str
    user_name: str
    channel: str
    command: str = ""
    message: str = ""
    thread: str = ""
    press: str = ""
    answer_to: str = ""

    @property
    def who(self) -> str:
        """The person as we write it down: ids stay, names change."""
        return f"Slack {self.user}"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a title, sentences, a table, smaller print. `public`: everybody in the channel shall see it."""

    title: str
    lines: tuple[str, ...] = ()
    grid: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    public: bool = False


# --- what was asked -------------------------------------------------------------------------------


def understood(kind: str, payload: object) -> Asked | None:
    """The question in an envelope; None when it is none of ours."""
    if kind == "slash_commands":
        return _command(payload)
    if kind == "interactive" and _text(payload, "type") == "block_actions":
        return _press(payload)
    return None


def _command(payload: object) -> Asked | None:
    user = _text(payload, "user_id")
    if not _is_id(user):
        return None
    return Asked(
        what=Ask.COMMAND,
        text=_unescaped(_text(payload, "text")),
        user=user,
        user_name=clean(_text(payload, "user_name"), 40),
        channel=_text(payload, "channel_id"),
        command=clean(_text(payload, "command"), 40),
        answer_to=_text(payload, "response_url"),
    )


def _press(payload: object) -> Asked | None:
    actions = payload.get("actions") if isinstance(payload, Mapping) else None
    first = actions[0] if isinstance(actions, list) and actions else None
    user, what = _text(payload, "user", "id"), BUTTONS.get(_text(first, "action_id"))
    if what is None or not _is_id(user):
        return None
    return Asked(
        what=what,
        text=_text(first, "value")[:40],
        user=user,
        user_name=clean(_text(payload, "user", "username") or _text(payload, "user", "name"), 40),
        channel=_text(payload, "container", "channel_id") or _text(payload, "channel", "id"),
        message=_text(payload, "container", "message_ts") or _text(payload, "message", "ts"),
        thread=_text(payload, "container", "thread_ts") or _text(payload, "message", "thread_ts"),
        press=_text(first, "action_ts")[:40],
        answer_to=_text(payload, "response_url"),
    )


def _text(tree: object, *path: str) -> str:
    for key in path:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree if isinstance(tree, str) else ""


def _is_id(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9]{1,24}", text) is not None


def _unescaped(text: str) -> str:
    """A command as it was typed: Slack escapes three characters, and we do so ourselves when we answer."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


# --- what is answered -----------------------------------------------------------------------------


def grid(headings: Sequence[str], rows: Sequence[Sequence[str]], left: Collection[int] = (0,)) -> tuple[list[str], int]:
    """The table as aligned lines, and how many rows had no room. `left` are the columns aligned to the left."""
    wide = max(map(len, (headings, *rows)))
    cells = [[clean(cell, CELL) for cell in row] + [""] * (wide - len(row)) for row in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines: list[str] = []
    used = 0
    for row in cells:
        aligned = (
            f"{c:<{w}}" if at in left else f"{c:>{w}}" for at, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        line = "  ".join(aligned).rstrip()
        used += len(escape(line)) + 1
        if used > ROOM:
            break
        lines.append(line)
    return lines, len(cells) - len(lines)


def reply_body(reply: Reply) -> dict[str, object]:
    """The answer as Slack takes it, within its limits."""
    return {
        "text": fitting(clean(reply.title), FALLBACK),
        "blocks": _blocks(reply),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _blocks(reply: Reply) -> list[Block]:
    found: list[Block] = [{"type": "header", "text": plain(clean(reply.title), HEADER)}]
    if reply.lines:
        found.append({"type": "section", "text": plain(_cleaned(reply.lines), SECTION)})
    found += [preformatted(part) for part in _parts(reply.grid)]
    if reply.notes:
        found.append({"type": "context", "elements": [plain(_cleaned(reply.notes), CONTEXT)]})
    return found


def _cleaned(lines: Sequence[str]) -> str:
    return "\n".join(clean(line, 1000) for line in lines)


def _parts(lines: Sequence[str]) -> list[list[str]]:
    """The lines in blocks of which each fits."""
    parts: list[list[str]] = []
    room = 0
    for line in lines:
        size = len(escape(line)) + 1
        if size > room:
            parts.append([])
            room = SECTION - 200
        parts[-1].append(line)
        room -= size
    return parts
