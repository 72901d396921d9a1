"""Local files, folders and archives are walked in a fixed order, within limits, and nothing is silent."""

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from monitor.core.errors import UsageError
from monitor.sources.files import Limits, LocalFile, NotRead, read_paths

SMALL = Limits(file_bytes=1000, archive_bytes=3000, members=5, ratio=20)


def told(root: Path, *paths: Path, limits: Limits | None = None) -> list[tuple[str, str]]:
    """(name, body or reason) of everything found, names relative to `root`."""
    out = []
    for found in read_paths(paths or (root,), limits):
        name = found.name.removeprefix(root.as_posix() + "/")
        out.append((name, found.body.decode() if isinstance(found, LocalFile) else f"! {found.reason}"))
    return out


def make_tar(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> None:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))


def make_zip(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)


def test_folders_are_read_recursively_in_order_of_name(tmp_path: Path) -> None:
    for name in ("b/2.csv", "b/1.csv", "a.csv", "c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / ".git").mkdir()
    expected = [("a.csv", "a.csv"), ("b/1.csv", "b/1.csv"), ("b/2.csv", "b/2.csv"), ("c.csv", "c.csv")]
    assert told(tmp_path) == [(".git", "! hidden"), *expected]


def test_a_path_that_does_not_exist_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no .*nowhere"):
        read_paths([tmp_path, tmp_path / "nowhere"])


def test_what_cannot_be_read_is_a_record(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "missing")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "big.csv").write_bytes(b"x" * 1001)
    (tmp_path / "old.7z").write_bytes(b"7z")
    reasons = dict(told(tmp_path, limits=SMALL))
    assert reasons["pipe"] == "! not a regular file"
    assert reasons["gone.csv"].startswith("! cannot be read")
    assert reasons["loop"] == "! a link to a folder; not followed"
    assert reasons["big.csv"] == "! larger than 1000 bytes"
    assert reasons["old.7z"].startswith("! this kind of archive")


@pytest.mark.parametrize("kind", ["x.zip", "x.tar", "x.tar.gz", "x.tgz"])
def test_archives_give_their_members(tmp_path: Path, kind: str) -> None:
    members = {"ARKK/1.csv": b"one", "../../ARKK/2.csv": b"two", "more.zip": b"z", "hidden.csv": b"PK\x03\x04"}
    if kind == "x.zip":
        make_zip(tmp_path / kind, members)
    else:
        make_tar(tmp_path / kind, members, "w" if kind == "x.tar" else "w:gz")
    found = dict(told(tmp_path))
    assert found[f"{kind}!ARKK/1.csv"] == "one"
    assert found[f"{kind}!../../ARKK/2.csv"] == "two"
    assert found[f"{kind}!more.zip"] == "! an archive inside an archive"
    assert found[f"{kind}!hidden.csv"] == "! an archive inside an archive"
    assert sorted(path.name for path in tmp_path.iterdir()) == [kind]


def test_a_zip_bomb_is_refused_member_by_member(tmp_path: Path) -> None:
    make_zip(tmp_path / "x.zip", {"1.csv": b"ok", "2.csv": b"\0" * 30_000_000, "3.csv": b"\0" * 10_000_000})
    assert told(tmp_path) == [
        ("x.zip!1.csv", "ok"),
        ("x.zip!2.csv", "! larger than 20971520 bytes"),
        ("x.zip!3.csv", "! unpacks to more than 200 times its size"),
    ]


def test_a_zip_whose_sizes_lie_is_bounded_too(tmp_path: Path) -> None:
    make_zip(tmp_path / "x.zip", {"1.csv": os.urandom(2000)})
    raw = (tmp_path / "x.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(raw.replace((2000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    (found,) = told(tmp_path, limits=SMALL)
    assert found[1].startswith("!")


def test_too_many_members_or_too_many_bytes_end_an_archive(tmp_path: Path) -> None:
    make_zip(tmp_path / "many.zip", {f"{n}.csv": b"x" for n in range(6)})
    make_tar(tmp_path / "many.tar", {f"{n}.csv": b"x" for n in range(6)}, "w")
    make_zip(tmp_path / "much.zip", {f"{n}.csv": os.urandom(450).hex().encode() for n in range(4)})
    found = told(tmp_path, limits=SMALL)
    assert [reason for name, reason in found if name == "many.zip"] == ["! the rest was not read: more than 5 members"]
    assert found[0][0] == "many.tar!0.csv" or "unpacks to more" in found[0][1]
    assert [name for name, _ in found if name.startswith("much.zip")] == [
        "much.zip!0.csv", "much.zip!1.csv", "much.zip!2.csv", "much.zip"
    ]  # fmt: skip


def test_a_packed_tar_bomb_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    make_tar(tmp_path / "x.tar.gz", {"0.csv": b"ok", "1.csv": b"\0" * 40_000_000, "2.csv": b"never reached"})
    found = told(tmp_path)
    assert found[:2] == [("x.tar.gz!0.csv", "ok"), ("x.tar.gz!1.csv", "! larger than 20971520 bytes")]
    assert found[2:] == [("x.tar.gz", "! the rest was not read: it unpacks to more than is allowed")]


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz"])
@pytest.mark.parametrize("body", [b"", b"nonsense" * 100, b"PK\x03\x04", gzip.compress(b"x" * 5000, mtime=0)[:20]])
def test_a_damaged_archive_is_a_record(tmp_path: Path, name: str, body: bytes) -> None:
    (tmp_path / name).write_bytes(body)
    (found,) = read_paths([tmp_path / name])
    assert isinstance(found, NotRead)
    assert "damaged" in found.reason


def test_links_and_encrypted_members_are_told(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        link = tarfile.TarInfo("passwd.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    make_zip(tmp_path / "y.zip", {"1.csv": b"x"})
    raw = bytearray((tmp_path / "y.zip").read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + offset] |= 1
    (tmp_path / "y.zip").write_bytes(raw)
    assert told(tmp_path) == [("x.tar!passwd.csv", "! not a regular file"), ("y.zip!1.csv", "! encrypted")]


def test_files_are_read_one_at_a_time(tmp_path: Path) -> None:
    for name in ("1.csv", "2.csv"):
        (tmp_path / name).write_text("before")
    walk = read_paths([tmp_path])
    assert next(walk) == LocalFile((tmp_path / "1.csv").as_posix(), b"before")
    (tmp_path / "2.csv").write_text("after")
    assert next(walk) == LocalFile((tmp_path / "2.csv").as_posix(), b"after")


def test_a_name_that_is_not_utf8_is_read_and_can_be_stored(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"ok\xff.csv")).write_text("one")
    make_tar(tmp_path / "z.tar", {os.fsdecode(b"in\xfe.csv"): b"two", "gr\u00fcn.csv": b"three"}, "w")
    found = told(tmp_path)
    assert found == [(r"ok\xff.csv", "one"), (r"z.tar!in\xfe.csv", "two"), ("z.tar!gr\u00fcn.csv", "three")]
