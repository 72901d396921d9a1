"""Walks a document of objects and lists along a dotted path: `data.*.holdings`, `**.full`, `asset[Code=ST].rows`.

A step is the name of a field (case does not matter), `*` for every field or element, or `**` for any number of
levels; `[name=value]` behind a step keeps the elements with that field. Lists on the way are gone through element
by element. It knows nothing of holdings, and what is nowhere is no error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from monitor.sources.cells import normalise

DEEPEST = 60  # levels that are looked at
_STEP = re.compile(r"(\*\*|\*|[^.\[\]*]+)(?:\[([^=\[\]]+)=([^\[\]]*)\])?(?:\[\])?")
_WHOLE = re.compile(rf"{_STEP.pattern}(?:\.{_STEP.pattern})*")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: a field's name (normalised), `*` or `**`, and the field and value its elements must have."""

    name: str
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """What a path leads to. `name` is the field it stands in, `around` the objects on the way, outermost first;
    `group` is what the list elements on the way say, by `list.field`, and under `*` the names a wildcard stood for."""

    value: object
    name: str = ""
    around: tuple[Mapping[str, object], ...] = ()
    group: Mapping[str, object] = field(default_factory=dict)
    one_of_many: bool = False  # reached through a list or a wildcard


def is_path(text: str) -> bool:
    """Whether `text` is a path; it may hold one `**`, so that no document takes for ever."""
    return _WHOLE.fullmatch(text) is not None and text.count("**") < 2


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[Step, ...]:
    """The steps of a path; none for "", the document itself. `[]` behind a step says nothing."""
    found = _STEP.finditer(path)
    return tuple(Step(normalise(one[1]), normalise(one[2] or ""), normalise(one[3] or "")) for one in found)


def walk(document: object, path: str) -> Iterator[Hit]:
    """All that `path` leads to in `document`, in its order."""
    yield from _walk(Hit(document), steps(path), DEEPEST)


def first_text(document: object, path: str) -> str:
    """The first text, number or truth value other than "" that `path` leads to, as text; "" when there is none."""
    return next((text for hit in walk(document, path) if (text := as_text(hit.value))), "")


def as_text(value: object) -> str:
    """A single value as text; "" for null, objects and lists. Numbers have been left as printed when reading."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else ""


def _walk(hit: Hit, left: tuple[Step, ...], depth: int) -> Iterator[Hit]:
    if not left:
        yield hit
    elif depth > 0 and isinstance(hit.value, list):
        if left[0].name == "*":  # the elements of a list, with or without saying so
            left = left[1:]
        for element in hit.value:
            yield from _walk(_inside(hit, element), left, depth - 1)
    elif depth > 0 and isinstance(hit.value, dict):
        yield from _fields(hit, hit.value, left, depth - 1)


def _fields(hit: Hit, values: Mapping[str, object], left: tuple[Step, ...], depth: int) -> Iterator[Hit]:
    step, rest = left[0], left[1:]
    around = (*hit.around, values)
    if step.name == "**":
        yield from _walk(hit, rest, depth)
    for key, value in values.items():
        found = Hit(value, key, around, hit.group, hit.one_of_many)
        if step.name == "**":
            if isinstance(value, dict | list):
                yield from _any_depth(found, left, depth)
        elif step.name == "*":
            named = Hit(value, key, around, {**hit.group, "*": key}, True)
            yield from _walk(named, rest, depth)
        elif normalise(key) == step.name:
            yield from _walk(_kept(found, step), rest, depth)


def _any_depth(hit: Hit, left: tuple[Step, ...], depth: int) -> Iterator[Hit]:
    if depth > 0 and isinstance(hit.value, list):
        for element in hit.value:
            yield from _any_depth(_inside(hit, element), left, depth - 1)
    elif isinstance(hit.value, dict):
        yield from _walk(hit, left, depth)


def _kept(hit: Hit, step: Step) -> Hit:
    """The elements a step asks for: of a list those with its field and value."""
    if not step.field or not isinstance(hit.value, list):
        return hit
    wanted = [one for one in hit.value if isinstance(one, dict) and normalise(_of(one, step.field)) == step.value]
    return replace(hit, value=wanted)


def _of(values: Mapping[str, object], name: str) -> str:
    return next((as_text(value) for key, value in values.items() if normalise(key) == name), "")


def _inside(hit: Hit, element: object) -> Hit:
    """An element of a list: what it says of itself goes with all below it."""
    if not isinstance(element, dict):
        return replace(hit, value=element, one_of_many=True)
    before = f"{hit.name}." if hit.name else ""
    said = {f"{before}{key}": value for key, value in element.items() if not isinstance(value, dict | list)}
    return replace(hit, value=element, group={**hit.group, **said}, one_of_many=True)
