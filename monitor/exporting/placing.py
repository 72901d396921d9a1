"""Where an export is written until it is whole: beside its name, so that it appears at once or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.core.errors import UsageError

OURS = (".parquet", ".json")  # what a folder we may replace consists of


@contextmanager
def placed(to: Path) -> Iterator[Path]:
    """A name to write to; when the block ends well it becomes `to`, otherwise nothing remains of it."""
    staging = to.with_name(f".{to.name[:100]}.{os.getpid()}.part")
    try:
        staging.mkdir()
        try:
            yield staging / "whole"
            _put(staging, to)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror or error}.") from error


def _put(staging: Path, to: Path) -> None:
    whole = staging / "whole"
    if whole.is_file():
        with whole.open("rb") as file:
            os.fsync(file.fileno())
    elif to.is_dir():
        to.rename(staging / "former")  # a folder cannot be replaced in one step
    whole.replace(to)


def check_folder(to: Path, *, replace: bool) -> None:
    """Raises UsageError when no folder `to` can be made; an empty one counts as none."""
    if not to.parent.is_dir():
        raise UsageError(f"The folder {to.parent} does not exist.")
    if not to.exists():
        return
    if not to.is_dir():
        raise UsageError(f"{to} is a file. Parts of a table need a folder.")
    files = [one for one in to.rglob("*") if one.is_symlink() or not one.is_dir()]
    if files and not replace:
        raise UsageError(f"The folder {to} is not empty. Choose another name, or replace it with --force.")
    if other := next((one for one in files if one.is_symlink() or one.suffix not in OURS), None):
        raise UsageError(f"{to} holds other things than an export ({other.name}): it is not replaced.")
