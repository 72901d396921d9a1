"""A message as the HTML part of an e-mail: one column, inline colours that survive a dark screen, nothing remote."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from monitor.core.model import FundPart
from monitor.notify.chart import alt_text
from monitor.notify.message import Message
from monitor.notify.text import (
    HEADINGS,
    ITEM_LINK,
    LINE_LINK,
    SECURITY_LINK,
    bystander,
    cells,
    first_words,
    history_line,
    history_title,
    source_lines,
)

WIDTH, HEIGHT = 600, 270  # of the picture, in pixels as they are read; it has twice as many
STYLE = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { margin: 0; padding: 24px 16px; background: #ffffff; color: #1b1f24;
  font: 15px/1.5 -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
.sheet { max-width: 640px; margin: 0 auto; }
h1 { font-size: 20px; line-height: 1.3; margin: 0 0 8px; }
p { margin: 0 0 8px; }
.figures { font-size: 16px; font-weight: 600; margin: 0; }
.quiet { color: #59636e; font-size: 13px; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 20px 0; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 8px; border-bottom: 1px solid #d1d9e0; text-align: right; white-space: nowrap; }
th { color: #59636e; font-size: 13px; font-weight: 600; }
th:first-child, td:first-child { text-align: left; padding-left: 0; white-space: normal; }
td.words { text-align: left; color: #59636e; white-space: normal; }
.spark { font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 15px; white-space: pre; }
.caveat { border-left: 3px solid #d4a72c; padding-left: 12px; margin: 20px 0; }
.chart { display: block; width: 100%; max-width: 600px; height: auto; border-radius: 6px; background: #f6f8fa; }
a { color: #0969da; }
@media (max-width: 480px) {
  table { font-size: 14px; }
  th, td { padding: 6px 0 6px 8px; }
  th { font-size: 12px; }
  .spark { font-size: 13px; }
}
@media (prefers-color-scheme: dark) {
  body { background: #0d1117; color: #e6edf3; }
  th, td { border-color: #3d444d; }
  th, td.words, .quiet { color: #9198a1; }
  a { color: #4493f8; }
}
"""


def letter(message: Message, picture: str = "") -> str:
    """The whole HTML document. Every foreign character is escaped. `picture` is where it finds the chart (`cid:…`)."""
    body = "\n".join(part for part in _parts(message, picture) if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(message.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<div class="sheet">\n{body}\n</div>\n</body>\n</html>\n'
    )


def _parts(message: Message, picture: str) -> Sequence[str]:
    hidden = f'<div style="display:none;max-height:0;overflow:hidden">{escape(first_words(message))}</div>'
    return (
        hidden,
        f"<h1>{escape(message.title)}</h1>",
        _lines(message),
        _paragraphs([message.figures], "figures"),
        _paragraphs([message.subject]),
        _table(message),
        _chart(message, picture),
        _history(message),
        _caveats(message),
        _sources(message),
        _links(message),
    )


def _lines(message: Message) -> str:
    return "\n".join(
        f"<p>{escape(line)}{f' · {_anchor(link, LINE_LINK)}' if link else ''}</p>"
        for line, link in message.linked
        if line
    )


def _links(message: Message) -> str:
    named = ((message.link, ITEM_LINK), (message.security_link, SECURITY_LINK))
    anchors = [_anchor(link, words) for link, words in named if link]
    return f"<p>{' · '.join(anchors)}</p>" if anchors else ""


def _anchor(link: str, words: str) -> str:
    return f'<a href="{escape(link)}">{words}</a>'


def _paragraphs(lines: Sequence[str], name: str = "") -> str:
    opening = f'<p class="{name}">' if name else "<p>"
    return "\n".join(f"{opening}{escape(line)}</p>" for line in lines if line)


def _table(message: Message) -> str:
    if not (message.funds or message.others):
        return ""
    rows = [_row(cells(part, message.currency), part) for part in message.funds]
    rows += [_bystander(part) for part in message.others]
    head = "".join(f'<th scope="col">{heading}</th>' for heading in HEADINGS) if message.funds else ""
    return "\n".join(["<table>", *([f"<tr>{head}</tr>"] if head else []), *rows, "</table>"])


def _row(texts: Sequence[str], part: FundPart) -> str:
    row = f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in texts)}</tr>"
    if not part.note:
        return row
    return f'{row}\n<tr><td></td><td class="words" colspan="{len(HEADINGS) - 1}">{escape(part.note)}</td></tr>'


def _bystander(part: FundPart) -> str:
    words = "; ".join(text for text in (bystander(part), part.note) if text)
    return f'<tr><td>{escape(part.fund)}</td><td class="words" colspan="{len(HEADINGS) - 1}">{escape(words)}</td></tr>'


def _chart(message: Message, picture: str) -> str:
    """The picture on its own light ground, readable on a dark one; its size is also said for old mail programs."""
    if not picture:
        return ""
    alt = escape(alt_text(message))
    return f'<p><img class="chart" src="{escape(picture)}" width="{WIDTH}" height="{HEIGHT}" alt="{alt}"></p>'


def _history(message: Message) -> str:
    if not message.history:
        return ""
    first, bars, last = history_line(message).split(" ")
    title = escape(f"{history_title(message)}, {first} … {last}")
    return f'<p class="quiet">{title}</p>\n<p class="spark">{bars}</p>'


def _caveats(message: Message) -> str:
    if not message.notes:
        return ""
    return f'<div class="caveat">\n{_paragraphs(message.notes)}\n</div>'


def _sources(message: Message) -> str:
    return "\n".join(
        f'<p class="quiet">{escape(label)}<br>{escape(detail)}</p>' for label, detail in source_lines(message)
    )
