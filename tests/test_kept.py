"""What one run of the program keeps: sources until a file changes, one fetcher from pass to pass."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.core.errors import ConfigError
from monitor.demo.issuer import LoopbackIssuer, serving
from monitor.kept import Kept
from monitor.store.engine import Engine
from monitor.store.workers import new_holder
from tests.watched import SESSIONS, Clock, at, program, publish, source_text


@pytest.fixture
def issuer() -> Iterator[LoopbackIssuer]:
    with serving() as found:
        publish(found, "lantern", "LANA", SESSIONS[0])
        yield found


def test_sources_are_read_again_when_a_file_changed_and_only_then(tmp_path: Path) -> None:
    file, kept = tmp_path / "lantern.toml", Kept()
    file.write_text(source_text("lantern", ["LANA"]), "utf-8")
    first = kept.sources(tmp_path)["lantern"]
    assert kept.sources(tmp_path)["lantern"] is first
    file.write_text(source_text("lantern", ["LANA", "LANB"]), "utf-8")
    assert set(kept.sources(tmp_path)["lantern"].funds) == {"LANA", "LANB"}
    file.unlink()
    assert "lantern" not in kept.sources(tmp_path)


def test_a_faulty_file_is_said_every_time_and_mended_sources_are_used(tmp_path: Path) -> None:
    file, kept = tmp_path / "lantern.toml", Kept()
    file.write_text("id = ", "utf-8")
    for _ in range(2):
        with pytest.raises(ConfigError, match="lantern"):
            kept.sources(tmp_path)
    file.write_text(source_text("lantern", ["LANA"]), "utf-8")
    os.utime(file, ns=(1, 1))
    assert "lantern" in kept.sources(tmp_path)


def test_the_pace_of_an_issuer_holds_from_pass_to_pass(
    tmp_path: Path, sqlite_engine: Engine, issuer: LoopbackIssuer
) -> None:
    clock = Clock()
    app = program(tmp_path, issuer.url, clock, {"lantern": ("LANA",)})
    fetchers = []
    for hour in (20, 23):
        clock.now = at(SESSIONS[0], hour)
        app.check_due(sqlite_engine, new_holder())
        fetchers.append(app.fetcher())
    assert fetchers[0] is fetchers[1]
    assert fetchers[0]._next  # it knows when the server was asked last
