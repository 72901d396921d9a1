"""Git archives of invented files: made with Git itself, a commit for each file, at an evening of its day."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass
class Archive:
    """A repository under construction; `at` is the time of the next commit."""

    folder: Path
    at: datetime = datetime(2026, 1, 5, 23, tzinfo=UTC)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Runs Git in it, as somebody invented."""
        stamp = f"{self.at:%Y-%m-%dT%H:%M:%S}Z"
        who = {f"GIT_{role}_{what}": text for role in ("AUTHOR", "COMMITTER") for what, text in WHO.items()}
        dates = {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
        plain = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env={**plain, **who, **dates}, capture_output=True, check=True
        )
        return done.stdout.decode()

    def commit(self, files: Iterable[tuple[str, bytes]], words: str = "Update", days: int = 1) -> None:
        """Writes the files and commits them; the next commit is `days` later."""
        for name, body in files:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", words)
        self.at += timedelta(days=days)


WHO = {"NAME": "Archivist", "EMAIL": "archivist@example.org"}
