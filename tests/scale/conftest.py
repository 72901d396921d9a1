"""Databases with trading days, and a crew of two processes of our own that all tests of a file share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.scale.crew import Crew
from monitor.scale.opening import crew
from monitor.scale.where import Where
from tests.backfill.conftest import clean_place, place, run
from tests.scenarios.conftest import fresh, lite, stage, stage_file

__all__ = ["clean_place", "fresh", "lite", "place", "run", "stage", "stage_file"]


@pytest.fixture(scope="session")
def own() -> Iterator[Crew]:
    """Two processes."""
    with crew(Where(workers=2)) as found:
        yield found
