"""Mutated files and bombs, a few of them: the long run is `python -m tests.reliability --full --only P5`."""

from __future__ import annotations

from tests.reliability import fuzz
from tests.reliability.stage import Stage


def test_no_mutated_file_gets_out_of_hand(stage: Stage) -> None:
    mutated, hurt = fuzz.run(stage)
    assert mutated.holds, "\n".join(mutated.failures)
    assert mutated.cases >= fuzz.SHORT
    assert hurt.holds, "\n".join(hurt.failures)
