"""Reads the history of a Git repository we do not trust: every version of every file, and what stands in it.

Git itself does it, on a bare copy in a folder of our own: neither hooks nor filters nor the configuration of the
repository (or of the user) are run, nothing is checked out, only `https` and `file` are spoken. A local repository is
borrowed, not copied. Names that begin with `-` are no options, names of files never reach a command line.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from monitor.core.errors import MonitorError, UsageError
from monitor.sources.addresses import safe_url
from monitor.sources.files import printable

CLONE_SECONDS, LIST_SECONDS = 3600, 600
MOST_COMMITS, MOST_VERSIONS = 1_000_000, 1_000_000
PASSED_ON = ("PATH", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "TMPDIR")
CONFIG = """\
[safe]
directory = *
[core]
hooksPath = /dev/null
fsmonitor = false
sshCommand = false
askPass = true
attributesFile = /dev/null
[credential]
helper =
[protocol]
allow = never
[protocol "file"]
allow = always
[protocol "https"]
allow = always
[protocol "ext"]
allow = never
[http]
lowSpeedLimit = 1000
lowSpeedTime = 60
[gc]
auto = 0
[maintenance]
auto = false
[submodule]
recurse = false
"""
REGULAR = ("100644", "100755", "100664")
OBJECT = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")


class RepositoryError(MonitorError):
    """A repository cannot be read; the message holds what Git said, without secrets."""


@dataclass(slots=True)
class Version:
    """One content of files: its object, the commit that brought it first and when, and all paths it ever had."""

    blob: str
    commit: str
    at: datetime
    paths: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare copy under `folder`. `shown` is what people called it."""

    folder: Path
    shown: str
    environ: Mapping[str, str]

    def versions(self, wanted: Pathspec) -> list[Version]:
        """Every content of the wanted files in all commits of the default branch, the oldest first.

        Contents of one second keep the order of their commits. Raises RepositoryError when there are too many.
        """
        times = self._commits()
        found: dict[str, Version] = {}
        for commit, blob, path in self._changes(times):
            if not wanted.matches(path):
                continue
            at = times[commit]
            version = found.setdefault(blob, Version(blob, commit, at))
            if at < version.at:
                version.commit, version.at = commit, at
            if path not in version.paths:
                version.paths.append(path)
            if len(found) > MOST_VERSIONS:
                raise RepositoryError(f"{self.shown} has more than {MOST_VERSIONS:,} versions of files: narrow --in")
        return sorted(found.values(), key=lambda one: one.at)

    def _commits(self) -> dict[str, datetime]:
        """When every commit of the default branch was made, parents first."""
        out = run(self._git("rev-list", "--reverse", "--topo-order", "--timestamp", "HEAD"), self.environ, LIST_SECONDS)
        lines = out.split(b"\n")
        if len(lines) > MOST_COMMITS:
            raise RepositoryError(f"{self.shown} has more than {MOST_COMMITS:,} commits")
        pairs = (line.split() for line in lines if line)
        return {commit.decode(): datetime.fromtimestamp(int(seconds), UTC) for seconds, commit in pairs}

    def _changes(self, commits: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """Commit, object and path of every regular file that a commit brings in, by comparing it with its parents."""
        listed = self.folder / "commits"
        listed.write_text("".join(f"{one}\n" for one in commits), encoding="ascii")
        compare = self._git("diff-tree", "--stdin", "-r", "-m", "--root", "--raw", "-z", "--no-renames", "--no-abbrev")
        commit = ""
        with listed.open("rb") as stdin:
            parts = stream(compare, self.environ, stdin)
            for part in parts:
                if OBJECT.fullmatch(part):
                    commit = part.decode()
                elif part.startswith(b":"):
                    _, mode, _, blob, status = part[1:].split()
                    path = next(parts, b"")
                    if mode.decode() in REGULAR and status != b"D":
                        yield commit, blob.decode(), printable(path.decode("utf-8", "surrogateescape"))

    def _git(self, *arguments: str) -> list[str]:
        return ["git", f"--git-dir={self.folder / 'copy.git'}", *arguments]

    def blobs(self) -> Blobs:
        """A reader of contents. Close it."""
        return Blobs(self._git("cat-file", "--batch"), self.environ)


class Blobs:
    """Reads contents one after the other, each once, through one process."""

    def __init__(self, command: list[str], environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def read(self, blob: str, most: int) -> bytes | str:
        """The content, or why it is not read: it is larger than `most` bytes, or not there."""
        stdin, stdout = _open(self._process.stdin), _open(self._process.stdout)
        try:
            stdin.write(blob.encode("ascii") + b"\n")
            stdin.flush()
        except OSError:
            raise RepositoryError("Git ended while contents were read") from None
        head = stdout.readline().split()
        if len(head) != 3 or head[1] != b"blob":
            return "the repository does not hold it"
        size = int(head[2])
        if size > most:
            _skip(stdout, size + 1)
            return f"larger than {most} bytes"
        body = stdout.read(size)
        if len(body) != size or stdout.read(1) != b"\n":
            raise RepositoryError("Git ended while contents were read")
        return body

    def close(self) -> None:
        """Ends the process."""
        for stream_of in (self._process.stdin, self._process.stdout):
            _open(stream_of).close()
        self._process.wait()

    def __enter__(self) -> Blobs:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _open(stream_of: IO[bytes] | None) -> IO[bytes]:
    if stream_of is None:
        raise RepositoryError("Git could not be started")
    return stream_of


def _skip(stdout: IO[bytes], size: int) -> None:
    while size > 0:
        part = stdout.read(min(size, 1 << 20))
        if not part:
            raise RepositoryError("Git ended while contents were read")
        size -= len(part)


@dataclass(frozen=True, slots=True)
class Pathspec:
    """Which files: `*` is any text without `/`, `**` also with; a name without a wildcard is a file or a folder with
    all below it, a wildcard without `/` is looked for in every folder. `suffixes`: else only these kinds of files."""

    patterns: tuple[re.Pattern[str], ...] = ()
    suffixes: tuple[str, ...] = ()

    def matches(self, path: str) -> bool:
        """Whether the file at `path` is wanted."""
        if self.patterns:
            return any(pattern.fullmatch(path) for pattern in self.patterns)
        name = path.rpartition("/")[2].lower()
        return "." not in name or name.endswith(self.suffixes)


def pathspec(texts: Iterable[str], suffixes: tuple[str, ...]) -> Pathspec:
    """The files meant by what people write."""
    return Pathspec(tuple(_pattern(text.strip().strip("/")) for text in texts if text.strip().strip("/")), suffixes)


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", text)
    made = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(made.get(part, re.escape(part)) for part in parts)
    if len(parts) == 1:
        return re.compile(f"{body}(?:/.*)?", re.S)
    return re.compile(body if "/" in text else f"(?:.*/)?{body}", re.S)


# --- getting a copy -------------------------------------------------------------------------------


def opened(text: str, folder: Path, environ: Mapping[str, str]) -> Repository:
    """The repository at a path or address, as a bare copy under `folder` (empty, ours).

    Raises UsageError for what is no repository that may be read, RepositoryError when Git cannot.
    """
    (folder / "config").write_text(CONFIG, encoding="ascii")
    ours = {name: value for name, value in environ.items() if name in PASSED_ON} | _quiet(folder)
    address, borrowed = _address(text)
    shown = safe_url(text) if "://" in text else text
    clone = ["git", "clone", "--quiet", "--bare", "--no-tags", "--single-branch", "--template="]
    clone += ["--shared"] if borrowed else []
    run([*clone, "--", address, str(folder / "copy.git")], ours, CLONE_SECONDS, f"{shown} cannot be read")
    found = Repository(folder, printable(shown.rstrip("/").rpartition("/")[2] or shown), ours)
    run(found._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}"), ours, LIST_SECONDS, f"{shown} has no commits")
    return found


def _quiet(folder: Path) -> dict[str, str]:
    """What makes Git look at nothing but what we say."""
    return {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(folder / "config"),
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ALLOW_PROTOCOL": "file:https",
        "LC_ALL": "C",
    }


def _address(text: str) -> tuple[str, bool]:
    """What to clone, and whether it lies on this machine."""
    if "://" in text:
        scheme = urlsplit(text).scheme.lower()
        if scheme not in ("https", "file"):
            raise UsageError(f"{safe_url(text)}: only https:// and file:// repositories are read, and folders.")
        return text, False
    path = Path(text)
    if not path.exists():
        raise UsageError(f"There is no repository {text}.")
    return str(path.absolute()), path.is_dir()


# --- running Git ----------------------------------------------------------------------------------


def run(command: list[str], environ: Mapping[str, str], seconds: float, what: str = "Git failed") -> bytes:
    """What a command prints. Raises RepositoryError when it fails, takes too long or does not exist."""
    try:
        done = subprocess.run(  # noqa: S603
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
    except FileNotFoundError:
        raise UsageError("Git is not installed: it reads the repository.") from None
    except subprocess.TimeoutExpired:
        raise RepositoryError(f"{what}: Git took longer than {seconds:.0f} seconds") from None
    if done.returncode:
        said = re.sub(r"://[^/@\s]*@", "://", done.stderr.decode("utf-8", "replace"))
        lines = [line.strip() for line in said.split("\n") if line.strip()]
        raise RepositoryError(f"{what}{': ' + lines[-1][:300] if lines else ''}")
    return done.stdout


def stream(command: list[str], environ: Mapping[str, str], stdin: IO[bytes]) -> Iterator[bytes]:
    """The parts a command prints, ended by NUL, as they come. Raises RepositoryError when it fails."""
    process = subprocess.Popen(  # noqa: S603
        command, env=environ, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    stdout, rest = _open(process.stdout), b""
    try:
        while part := stdout.read(1 << 16):
            *whole, rest = (rest + part).split(b"\0")
            yield from whole
    finally:
        stdout.close()
        code = process.wait()
    if code:
        raise RepositoryError("Git failed while the history was read")
