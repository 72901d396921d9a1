"""The stage of the short form: one nursery per test process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import PostgresServer
from tests.reliability.children import Nursery, nursery
from tests.reliability.stage import Stage


@pytest.fixture(scope="session")
def launcher() -> Iterator[Nursery]:
    """Starts processes of the test build."""
    with nursery() as one:
        yield one


@pytest.fixture
def stage(tmp_path: Path, launcher: Nursery, postgres_server: PostgresServer) -> Iterator[Stage]:
    """Where cases are tried, in the short form."""
    made = Stage(tmp_path, launcher, postgres_server)
    yield made
    made.close()
