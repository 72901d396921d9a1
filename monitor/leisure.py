"""How often a process of ours looks for values that hold one another. It changes nothing about what is done."""

from __future__ import annotations

import gc

# Python looks for cycles after every 700 new values by itself. Ours hold none (`tests/test_leisure.py`), and a history
# makes millions of them: looking so often costs a sixth of reading and deriving one (ARK, 2026-11-27: 8.6 s of CPU,
# 7.1 s so).
SELDOM = (20_000, 20, 50)


def look_seldom() -> None:
    """For every process that reads or derives: the command line, and each worker."""
    gc.set_threshold(*SELDOM)
