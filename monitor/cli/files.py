"""Refuses files that a command cannot write or read, before it begins: wrong use, in one sentence."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from monitor.core.errors import UsageError


def check_new(path: Path, *, replace: bool = False) -> None:
    """Raises UsageError when no file `path` can be made."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder. Name a file.")
    if path.exists() and not replace:
        raise UsageError(f"{path} exists already. Choose another name.")
    if not path.parent.is_dir():
        raise UsageError(f"The folder {path.parent} does not exist.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{path} cannot be written: you may not write in its folder.")


def check_backup(path: Path) -> None:
    """Raises UsageError when `path` is no file that can be a backup."""
    if not path.exists():
        raise UsageError(f"There is no file {path}.")
    if path.is_dir():
        raise UsageError(f"{path} is a folder. Name a backup, one file.")
    try:
        is_archive = zipfile.is_zipfile(path)
        path.open("rb").close()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if not is_archive:
        raise UsageError(f"{path} is no backup made by `db backup`, or it was cut short.")
