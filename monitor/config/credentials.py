"""Secrets from where the file says they are: an environment variable or a file. Their values go nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr

from monitor.config.channels import (
    AppriseSettings,
    ChannelSettings,
    ConsoleSettings,
    FileSettings,
    MailSettings,
    SlackSettings,
    SlackWebhookSettings,
    WebhookSettings,
    webhook_faults,
)
from monitor.config.fields import Section

S = TypeVar("S", bound=Section)


def under(folder: Path, path: Path) -> Path:
    """`path`, absolute: `~` is the home folder, a relative path lies in `folder`."""
    return (folder / path.expanduser()).absolute()


def channel_with_secrets(
    settings: ChannelSettings, folder: Path, environ: Mapping[str, str]
) -> tuple[ChannelSettings, list[str]]:
    """`settings` with its secret and absolute paths, and why it cannot be used (sentences, normally none)."""
    match settings:
        case ConsoleSettings():
            return settings, []
        case FileSettings():
            return settings.model_copy(update={"path": under(folder, settings.path)}), []
        case SlackSettings():
            return with_secrets(settings, ("token", "app_token"), folder, environ)
        case SlackWebhookSettings():
            resolved, faults = with_secret(settings, "url", folder, environ)
            return resolved, [*faults, *(f"url {fault}" for fault in webhook_faults(resolved))]
        case WebhookSettings():
            signed, faults = with_secrets(settings, ("url", "secret"), folder, environ)
            return signed, [*faults, *(f"url {fault}" for fault in webhook_faults(signed))]
        case AppriseSettings():
            return with_secret(settings, "url", folder, environ)
        case MailSettings():
            ca_file = under(folder, settings.ca_file) if settings.ca_file else None
            return with_secret(settings.model_copy(update={"ca_file": ca_file}), "password", folder, environ)


def with_secrets(section: S, names: Sequence[str], folder: Path, environ: Mapping[str, str]) -> tuple[S, list[str]]:
    """As `with_secret`, for several."""
    faults: list[str] = []
    for name in names:
        section, found = with_secret(section, name, folder, environ)
        faults += found
    return section, faults


def with_secret(section: S, name: str, folder: Path, environ: Mapping[str, str]) -> tuple[S, list[str]]:
    """`section` with the secret `name` filled in from `name_env` or `name_file`, and faults in words."""
    variable: str | None = getattr(section, f"{name}_env")
    file: Path | None = getattr(section, f"{name}_file")
    secret: SecretStr | None = getattr(section, name)
    if variable is not None:
        if not environ.get(variable):
            return section, [f"{name}_env: the environment variable {_shown(variable)}is not set"]
        secret = SecretStr(environ[variable].strip())
    elif file is not None:
        try:
            secret = SecretStr(under(folder, file).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            return section, [f"{name}_file: cannot read {file}: {reason}"]
    if secret is not None and not _is_one_line(secret.get_secret_value()):
        return section, [f"{name}: is empty or has line breaks or control characters"]
    return section.model_copy(update={name: secret}), []


def _shown(variable: str) -> str:
    """The name, unless somebody wrote the secret itself where a name belongs."""
    return f"{variable} " if re.fullmatch(r"[A-Z_][A-Z0-9_]*", variable) else ""


def _is_one_line(text: str) -> bool:
    return bool(text) and text.isprintable()
