"""The database locked, full, and cut off while the daemon works."""

from __future__ import annotations

import pytest

from tests.reliability import trouble
from tests.reliability.stage import KINDS, Stage


@pytest.mark.parametrize("kind", KINDS)
def test_the_daemon_survives_trouble_with_its_database(stage: Stage, kind: str) -> None:
    stage.kinds = (kind,)
    for result in trouble.run(stage):
        assert result.holds, "\n".join(result.failures)
