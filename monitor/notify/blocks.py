"""A message as Slack blocks. All foreign text is plain or preformatted, escaped, and within Slack's limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from monitor.notify.chart import ALT, alt_text
from monitor.notify.message import Form, Message
from monitor.notify.text import (
    ITEM_LINK,
    LINE_LINK,
    SECURITY_LINK,
    first_words,
    history_line,
    history_title,
    source_lines,
    table,
)
from monitor.notify.words import shorten

Block = dict[str, object]
HEADER, SECTION, CONTEXT, FALLBACK = 150, 3000, 2000, 1000  # characters
EVENT_TYPE = "holdings_monitor_message"
TIMELINE, MUTE = "holdings_timeline", "holdings_mute"  # what a press on a button is called
MUTE_DAYS = 30
LOOK_ALIKES = str.maketrans({"<": "‹", ">": "›"})
WITH_BUTTONS = frozenset({Form.ALERT, Form.UPDATE, Form.CORRECTION})


def escape(text: str) -> str:
    """`text` with Slack's three control characters neutralised: no mention, no link can start."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fitting(text: str, limit: int) -> str:
    """`text` escaped and at most `limit` characters long afterwards."""
    cut = shorten(text, limit)
    while len(escape(cut)) > limit:
        cut = shorten(cut, len(cut) - max(1, (len(escape(cut)) - limit) // 5))
    return escape(cut)


def fallback(message: Message) -> str:
    """What notifications show."""
    return fitting(first_words(message), FALLBACK)


def metadata(message: Message, key: str) -> dict[str, object]:
    """The idempotency key where `conversations.history` can return it."""
    payload = {"key": key, "item": message.item, "revision": message.revision}
    return {"event_type": EVENT_TYPE, "event_payload": payload}


def blocks(message: Message, *, buttons: bool = False, picture: str | None = None) -> list[Block]:
    """Header, figures, table and history, caveats, sources: at most eight blocks, and the buttons where wanted.

    `picture` is the id of an uploaded file that shows the history.
    """
    asked = buttons and message.form in WITH_BUTTONS and message.security is not None
    return [*_blocks(message, picture), *([_buttons(message.item)] if asked else [])]


def _image(file: str, message: Message) -> Block:
    """An uploaded picture; its alternative text has no markup, but is escaped like all plain text."""
    return {"type": "image", "slack_file": {"id": file}, "alt_text": fitting(alt_text(message), ALT)}


def _buttons(item: str) -> Block:
    """What `conversing` answers; the value is all a press tells us about the message."""
    named = ((TIMELINE, "Timeline"), (MUTE, f"Mute {MUTE_DAYS} days"))
    elements = [
        {"type": "button", "action_id": action, "value": item, "text": {"type": "plain_text", "text": text}}
        for action, text in named
    ]
    return {"type": "actions", "elements": elements}


def _blocks(message: Message, picture: str | None) -> Iterator[Block]:
    yield {"type": "header", "text": plain(message.title, HEADER)}
    if message.form is Form.DIGEST:
        yield from _linked_pages(message) if any(message.links) else _pages(message.lines)
        return
    lines = [message.title] if len(message.title) > HEADER else []
    lines += [line for line in (*message.lines, message.figures, message.subject) if line]
    if lines:
        yield {"type": "section", "text": plain(_stack(lines, SECTION // 2), SECTION)}
    if grid := table(message):
        yield preformatted(grid)
    if message.history:
        yield preformatted([history_title(message), history_line(message)])
    if picture is not None:
        yield _image(picture, message)
    if message.notes:
        yield {"type": "section", "text": plain("\n".join(message.notes), SECTION)}
    if message.sources:
        texts = [f"{label} · {detail}" for label, detail in source_lines(message)]
        yield {"type": "context", "elements": [plain(_stack(texts, CONTEXT // 2), CONTEXT)]}
    if message.link:
        yield {"type": "context", "elements": [_links(message.link, message.security_link)]}


def _pages(lines: Sequence[str]) -> Iterator[Block]:
    """All lines of a digest, in as many sections as they need."""
    page: list[str] = []
    for line in lines:
        if page and len(escape("\n".join([*page, line]))) > SECTION:
            yield {"type": "section", "text": plain("\n".join(page), SECTION)}
            page = []
        page.append(line)
    if page:
        yield {"type": "section", "text": plain("\n".join(page), SECTION)}


def _linked_pages(message: Message) -> Iterator[Block]:
    """All lines of a digest, each with its link. Rich text has no markup: what stands in it is shown as it is."""
    page: list[Block] = []
    used = 0
    for line, link in message.linked:
        if page and used + len(line) + len(link) > SECTION - 100:
            yield _rich(page)
            page, used = [], 0
        page += [{"type": "text", "text": "\n"}] if page else []
        page += _words(line, link)
        used += len(line) + len(link) + 20
    if page:
        yield _rich(page)


def _rich(words: list[Block]) -> Block:
    """One paragraph: how sections beside one another are set apart is Slack's affair, a line feed is ours."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": words}]}


def _words(line: str, link: str) -> list[Block]:
    """A line of rich text. It knows no markup, but what looks like it becomes a look-alike all the same."""
    text = shorten(line.translate(LOOK_ALIKES), 2 * SECTION // 3)
    if not link:
        return [{"type": "text", "text": text}]
    return [{"type": "text", "text": f"{text} · "}, {"type": "link", "url": _safe(link), "text": LINE_LINK}]


def plain(text: str, limit: int) -> Block:
    """Text without any markup, at most `limit` characters."""
    return {"type": "plain_text", "text": fitting(text, limit), "emoji": False}


def preformatted(lines: Sequence[str]) -> Block:
    """A monospace block; a back-tick inside would end it and becomes an apostrophe."""
    text = fitting(_stack([line.replace("`", "'") for line in lines], SECTION - 100), SECTION - 10)
    return {"type": "section", "text": {"type": "mrkdwn", "text": f"```\n{text}\n```", "verbatim": True}}


def _links(item: str, security: str | None) -> Block:
    named = ((item, ITEM_LINK), (security, SECURITY_LINK))
    text = " · ".join(f"<{escape(_safe(url))}|{words}>" for url, words in named if url)
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _safe(url: str) -> str:
    """The address with everything percent-encoded that could end it."""
    return quote(url, safe=":/?#[]@!$&'()*+,;=%~-._")


def _stack(lines: Sequence[str], limit: int) -> str:
    """The lines that fit, and how many did not."""
    kept: list[str] = []
    used = 0
    for line in lines:
        text = shorten(line, limit // 2)
        if used + len(text) + 1 > limit - 40:
            return "\n".join([*kept, f"… and {len(lines) - len(kept)} more lines"])
        kept.append(text)
        used += len(text) + 1
    return "\n".join(kept)
