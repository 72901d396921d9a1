"""What the tables of `monitor.toml` are made of: kinds of values, and what a table is.

A secret `x` can be given as `x_env` (name of an environment variable), `x_file` (path) or, for trials,
as `x` itself. `SECRETS` lists which keys those are; their values are `SecretStr` and never shown.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

SECRETS = ("token", "operator_token", "app_token", "password", "secret", "url")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def split_list(value: object) -> object:
    """`"a, b"` → `["a", "b"]`, so that one name and the environment need no brackets."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def web_address(value: str) -> str:
    """Accept http(s) addresses with a host and without a user part or link-local target."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address like https://host/path")
    if parts.username or parts.password:
        raise ValueError("must not contain a user or password")
    if is_link_local(parts.hostname):
        raise ValueError("must not point at a link-local address")
    return value


def page_address(value: str) -> str:
    """Accept the address under which people reach the page: paths are put at its end."""
    parts = urlsplit(web_address(value))
    if parts.query or parts.fragment or re.search(r"[\s<>|\"'\\]", value):
        raise ValueError("must be an address like https://monitor.example.org, to which paths are added")
    return value.rstrip("/")


def is_link_local(host: str) -> bool:
    """Whether `host` is a literal address of the kind cloud metadata services use."""
    try:
        return ip_address(host).is_link_local
    except ValueError:
        return False


def is_safe_transport(url: str) -> bool:
    """Whether a secret may travel to `url`: encrypted, or not leaving this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in LOOPBACK


def clock(value: str) -> str:
    """Accept `HH:MM`."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('must be a time of day like "06:30"')
    return value


def span_of_day(value: str) -> str:
    """Accept `HH:MM-HH:MM`; the second may be the earlier one, which is then on the next day."""
    begin, end = (part.strip() for part in value.partition("-")[::2])
    try:
        if clock(begin) != clock(end):
            return f"{begin}-{end}"
    except ValueError:
        pass
    raise ValueError('must be two times of day like "22:00-07:00"')


def zone(value: str) -> str:
    """Accept a name of the time zone database."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('must be a time zone like "America/New_York"') from None
    return value


def header_text(value: str) -> str:
    """Accept text that cannot start a new header line."""
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("must not contain control characters")
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(split_list)]
Address = Annotated[str, AfterValidator(web_address)]
Page = Annotated[str, AfterValidator(page_address)]
Header = Annotated[str, AfterValidator(header_text), Field(min_length=1)]
Clock = Annotated[str, AfterValidator(clock)]
Span = Annotated[str, AfterValidator(span_of_day)]
Zone = Annotated[str, AfterValidator(zone)]
Seconds = Annotated[float, Field(gt=0, le=600)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """A table of the file: unknown keys are faults, values do not change, inputs are not echoed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


S = TypeVar("S", bound=Section)


def one_source(section: S, name: str, *, required: bool = True) -> S:
    """`section` unless the secret `name` is given twice, or not at all although `required`."""
    keys = (f"{name}_env", f"{name}_file", name)
    given = [key for key in keys if getattr(section, key) is not None]
    if len(given) > 1:
        raise ValueError(f"give only one of {' and '.join(given)}")
    if required and not given:
        raise ValueError(f"needs {keys[0]} or {keys[1]}")
    return section
