"""The kill matrix, each point once on both databases."""

from __future__ import annotations

import pytest

from tests.reliability import kills
from tests.reliability.stage import KINDS, Stage


@pytest.mark.parametrize("kind", KINDS)
def test_a_process_killed_anywhere_loses_and_repeats_nothing(stage: Stage, kind: str) -> None:
    stage.kinds = (kind,)
    for result in kills.run(stage):
        assert result.holds, "\n".join(result.failures)
        assert result.cases == len(kills.points(full=False))
