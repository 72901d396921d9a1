"""Find the file, lay the environment over it, check everything, resolve the secrets. Reads nothing afterwards."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from monitor.config.channels import ChannelSettings
from monitor.config.credentials import channel_with_secrets, under, with_secret, with_secrets
from monitor.config.faults import PREFIX, Where, contradictions, guess
from monitor.config.fields import SECRETS
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
from monitor.core.errors import ConfigError

FILE_NAME = "monitor.toml"
Tree = dict[str, object]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a run needs to know, with absolute paths and resolved secrets.

    `file` is the file read (`None`: defaults), `folder` what relative paths were taken from.
    `unavailable` says for a channel name why its secret could not be read; building that channel
    fails with this sentence, commands that send nothing do not care.
    """

    file: Path | None
    folder: Path
    database: str = field(repr=False)  # SQLAlchemy URL, may hold a password
    database_connections: int
    sources_dir: Path
    funds_file: Path
    watch: tuple[Watch, ...]
    issuers: Mapping[str, IssuerSettings]
    alerts: Alerts
    rules: tuple[Rule, ...]
    mutes: tuple[Mute, ...]
    daemon: Daemon
    heartbeat: Heartbeat
    heartbeat_fault: str  # why its address could not be read; "": it could, or there is none
    blindness: Blindness
    web: Web
    channels: Mapping[str, ChannelSettings]
    unavailable: Mapping[str, str]
    sec: Sec
    wayback: Wayback
    web_fault: str = ""  # why a token of it could not be read; nothing is served then

    @property
    def database_shown(self) -> str:
        """The database URL without its password, for people."""
        shown = re.sub(r"(//[^:/@]*):[^/]*@", r"\1:***@", self.database)  # up to the last @: it may hold one
        return re.sub(r"([?&][^=&]*pass[^=&]*=)[^&]*", r"\1***", shown)

    @property
    def alert_channels(self) -> tuple[str, ...]:
        """Names of the channels that receive alerts."""
        return self.alerts.channels or tuple(self.channels)

    @property
    def operator_channels(self) -> tuple[str, ...]:
        """Names of the channels that hear that something is broken."""
        return self.alerts.operator_channels or tuple(self.channels)


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """The configuration from `path` (or where `find_file` finds one) and `environ`.

    Raises ConfigError naming every fault: file, key, value (never a secret), and what was probably meant.
    """
    file = find_file(path, environ)
    folder = (file.parent if file else Path()).absolute()
    tree = _read(file) if file else {}
    secret_names = set(_named_variables(tree))
    overrides, faults = _from_environment(environ, secret_names)
    where = Where(str(file) if file else "configuration", overrides)
    try:
        document = Document.model_validate(_merge(tree, overrides))
    except ValidationError as error:
        faults = [*(where.sentence(detail) for detail in error.errors(include_url=False)), *faults]
        raise ConfigError("\n".join(faults)) from None
    faults += [f"{where.file}: {fault}" for fault in contradictions(document)]
    if faults:
        raise ConfigError("\n".join(faults))
    return _assemble(document, file, folder, environ, Path().absolute() if "database" in overrides else folder)


def find_file(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The first of: `path`, $HOLDINGS_MONITOR_CONFIG, ./monitor.toml, the user's configuration folder.

    A file that was asked for must exist (ConfigError); `None` means that defaults apply.
    """
    asked = path or (Path(named) if (named := environ.get(f"{PREFIX}CONFIG")) else None)
    if asked is not None:
        if not asked.expanduser().is_file():
            raise ConfigError(f"{asked}: no such configuration file")
        return asked.expanduser()
    home = environ.get("XDG_CONFIG_HOME") or (f"{environ['HOME']}/.config" if environ.get("HOME") else None)
    places = [Path(FILE_NAME), *([Path(home) / "holdings-monitor" / FILE_NAME] if home else [])]
    return next((place for place in places if place.is_file()), None)


def _read(file: Path) -> Tree:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{file}: {error}") from None


# --- environment ----------------------------------------------------------------------------------


def _from_environment(environ: Mapping[str, str], secrets: set[str]) -> tuple[Tree, list[str]]:
    """Values of `HOLDINGS_MONITOR_A__B` as a tree `{"a": {"b": …}}`, and a sentence per probable typo."""
    tree: Tree = {}
    faults: list[str] = []
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX) or name == f"{PREFIX}CONFIG" or name in secrets:
            continue
        keys = name.removeprefix(PREFIX).lower().split("__")
        if keys[0] in Document.model_fields:
            tree = _merge(tree, _nested(keys, _value(text)))
        elif meant := guess(keys[0], Document.model_fields):
            faults.append(f"environment: {name}: unknown key{meant}")
    return tree, faults


def _nested(keys: list[str], value: object) -> Tree:
    return {keys[0]: _nested(keys[1:], value) if keys[1:] else value}


def _value(text: str) -> object:
    """Lists and tables are written as JSON; everything else is text, converted by the field's type."""
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text


def _merge(below: Tree, above: Tree) -> Tree:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _named_variables(tree: object) -> Iterator[str]:
    """Every environment variable that the file names as the place of a secret."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if isinstance(value, str) and key in {f"{secret}_env" for secret in SECRETS}:
                yield value
            yield from _named_variables(value)


# --- assembling -----------------------------------------------------------------------------------


def _assemble(document: Document, file: Path | None, folder: Path, environ: Mapping[str, str], base: Path) -> Config:
    """The Config of a valid document. Relative SQLite files lie in `base`, all else in `folder`."""
    channels: dict[str, ChannelSettings] = {}
    unavailable: dict[str, str] = {}
    for name, settings in document.channels.items():
        channels[name], faults = channel_with_secrets(settings, folder, environ)
        if faults:
            unavailable[name] = "; ".join(faults)
    web, faults = with_secrets(document.web, ("token", "operator_token"), folder, environ)
    if web.token is not None and web.token == web.operator_token:
        faults.append("token and operator_token are the same: whoever may look could decide")
    web_fault = f"{file or 'configuration'}: web: {'; '.join(faults)}" if faults else ""
    if web_fault and document.web.enabled:
        raise ConfigError(web_fault)
    heartbeat, faults = with_secret(document.heartbeat, "url", folder, environ)
    database = _database_in_file(document, folder) or document.database
    return Config(
        file=file.absolute() if file else None,
        folder=folder,
        database=_database(database, base),
        database_connections=document.database_connections,
        sources_dir=under(folder, document.sources_dir),
        funds_file=under(folder, document.funds_file),
        watch=document.watch,
        issuers=document.issuers,
        alerts=document.alerts,
        rules=document.rules,
        mutes=document.mutes,
        daemon=document.daemon,
        heartbeat=heartbeat,
        heartbeat_fault="; ".join(faults),
        blindness=document.blindness,
        web=web,
        channels=channels,
        unavailable=unavailable,
        sec=document.sec,
        wayback=document.wayback,
        web_fault=web_fault,
    )


def _database_in_file(document: Document, folder: Path) -> str:
    """The address that `database_file` holds; "": there is no such file to read."""
    if document.database_file is None:
        return ""
    try:
        found = under(folder, document.database_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise ConfigError(f"database_file: cannot read {document.database_file}: {reason}") from None
    if not found or not found.isprintable():
        raise ConfigError(f"database_file: {document.database_file} does not hold an address on one line")
    return found


def _database(url: str, base: Path) -> str:
    """`sqlite:///name.db` names a file in `base`; every other URL stays as it is."""
    match = re.fullmatch(r"(sqlite(?:\+\w+)?:///)([^/?:][^?]*)(\?.*)?", url)
    if match is None:
        return url
    return f"{match[1]}{under(base, Path(match[2]))}{match[3] or ''}"
