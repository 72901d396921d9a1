"""What a derivation held is freed when it is done: a process that seldom looks for cycles would keep all of it."""

from __future__ import annotations

import gc
from pathlib import Path

from monitor import cli
from monitor.core.model import Position
from monitor.store.book import Book
from tests.cli.look_alike import write_files


def test_nothing_that_was_derived_holds_itself(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    command = ["ingest", str(write_files(tmp_path / "files")), "--source", "ark", "--db", str(tmp_path / "x.db")]
    gc.collect()
    gc.disable()
    try:
        assert cli.run(command) == 3  # one file is held
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        held = [type(one) for one in gc.garbage if isinstance(one, (Book, Position))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert held == []
