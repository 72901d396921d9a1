"""The offline tour: an issuer on this machine, invented files around public facts, and the real program.

Nothing here decides what is news: fetching, gates, comparing and delivering are the ones everybody uses.
Only the clock is the demo's own, because the story took place in 2025.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from monitor.core.errors import UsageError
from monitor.demo import showing

Out = Callable[[str], None]


def run_demo(keep: Path | None, out: Out, then: Callable[[Path], object] = lambda _folder: None) -> int:
    """The whole tour; 0 when the alert was delivered exactly once, else 1 and the reasons.

    With `keep` the files, the configuration and the database stay in that folder, else nothing stays. `then` is called
    with the folder as long as it is there.
    """
    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise UsageError(f"{keep} exists and is not an empty folder. Choose another name for --keep.")
    showing.opening(out)
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="holdings-monitor-demo-") as name:
            return _toured(Path(name), None, out, then)
    keep.mkdir(parents=True, exist_ok=True)
    return _toured(keep.absolute(), keep, out, then)


def _toured(folder: Path, kept: Path | None, out: Out, then: Callable[[Path], object]) -> int:
    from monitor.demo.tour import tour  # takes seconds, which are better waited for after the first words

    code = tour(folder, kept, out)
    then(folder)
    return code
