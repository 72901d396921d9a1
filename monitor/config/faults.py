"""What is wrong with a configuration, in sentences: place, value (never a secret), and what was probably meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic_core import ErrorDetails

from monitor.config.channels import CHANNEL_TABLES, SlackWebhookSettings, WebhookSettings, webhook_faults
from monitor.config.fields import SECRETS, Section
from monitor.config.rules import Mute, Rule
from monitor.config.sections import (
    Alerts,
    Blindness,
    Daemon,
    Document,
    Heartbeat,
    IssuerSettings,
    Sec,
    Watch,
    Wayback,
    Web,
)

PREFIX = "HOLDINGS_MONITOR_"
TABLES: dict[str, type[Section]] = {
    "watch": Watch,
    "issuers": IssuerSettings,
    "alerts": Alerts,
    "rules": Rule,
    "mutes": Mute,
    "daemon": Daemon,
    "heartbeat": Heartbeat,
    "blindness": Blindness,
    "web": Web,
    "sec": Sec,
    "wayback": Wayback,
}
Tree = dict[str, object]


@dataclass(frozen=True, slots=True)
class Where:
    """Turns a validation error into a sentence with its place."""

    file: str
    overrides: Tree

    def sentence(self, detail: ErrorDetails) -> str:
        """`monitor.toml: alerts.min_severity = "loud": …`."""
        path = _written_path(detail["loc"])
        if self._overridden(path):
            place = f"environment: {PREFIX}{'__'.join(path).upper()}"
        else:
            place = f"{self.file}: {'.'.join(path).replace('.[', '[')}"
        if detail["type"] == "extra_forbidden":
            return f"{place}: unknown key{_meant(detail['loc'])}"
        return f"{place}{_shown(path, detail)}: {_reason(detail)}"

    def _overridden(self, path: list[str]) -> bool:
        node: object = self.overrides
        for key in path:
            if not isinstance(node, dict) or key not in node:
                return not isinstance(node, dict) and bool(path)
            node = node[key]
        return True


def _written_path(loc: tuple[int | str, ...]) -> list[str]:
    """The keys as a person wrote them: without the tag pydantic adds below a channel's name."""
    keys = list(loc)
    if keys and keys[0] == "channels" and len(keys) > 2:
        del keys[2]
    return [f"[{key}]" if isinstance(key, int) else key for key in keys]


def _shown(path: list[str], detail: ErrorDetails) -> str:
    """` = "loud"`, or nothing where the value is a secret or not a single value."""
    value = detail["input"]
    if {*path} & {*SECRETS, "database"} or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, str):  # an address may carry a password, whatever key it was written under
        value = re.sub(r"//[^/@\s]*@", "//***@", value)
        value = re.sub(r"(://[^?]*)\?.*", r"\1?***", value)
    return f" = {json.dumps(value, ensure_ascii=False)}"


def _reason(detail: ErrorDetails) -> str:
    if detail["type"] == "union_tag_invalid":
        tag = str(detail.get("ctx", {}).get("tag", ""))
        return f'unknown type "{tag}"; one of {", ".join(CHANNEL_TABLES)}{guess(tag, CHANNEL_TABLES)}'
    if detail["type"] == "union_tag_not_found":
        return f"needs a type: one of {', '.join(CHANNEL_TABLES)}"
    if detail["type"] == "missing":
        return "is missing"
    return detail["msg"].removeprefix("Value error, ")


def _meant(loc: tuple[int | str, ...]) -> str:
    return guess(str(loc[-1]), _fields_at(loc[:-1]))


def guess(word: str, known: Iterable[str]) -> str:
    """`; did you mean "…"?`, or nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


def _fields_at(loc: tuple[int | str, ...]) -> list[str]:
    """Names that may be written in the table at `loc`."""
    table: type[Section] = Document
    if loc and loc[0] == "channels" and len(loc) > 2:
        table = CHANNEL_TABLES[str(loc[2])]
    elif loc:
        table = TABLES.get(str(loc[0]), Document)
    return [known.alias or name for name, known in table.model_fields.items()]


def contradictions(document: Document) -> Iterator[str]:
    """Faults that concern more than one table."""
    if document.database_file is not None and "database" in document.model_fields_set:
        yield "give only one of database and database_file"
    for key in ("channels", "operator_channels"):
        for name in getattr(document.alerts, key):
            if name not in document.channels:
                yield f'alerts.{key}: no channel "{name}" is configured{guess(name, document.channels)}'
    tables: list[tuple[str, Sequence[Rule | Mute]]] = [("rules", document.rules), ("mutes", document.mutes)]
    for table, sections in tables:
        for number, section in enumerate(sections):
            for name in section.channels:
                if name not in document.channels:
                    yield (
                        f'{table}[{number}].channels: no channel "{name}" is configured{guess(name, document.channels)}'
                    )
    names = [rule.name for rule in document.rules]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f'rules: two rules are called "{name}"'
    for name, settings in document.channels.items():
        if isinstance(settings, SlackWebhookSettings | WebhookSettings):
            yield from (f"channels.{name}.url: {fault}" for fault in webhook_faults(settings))
