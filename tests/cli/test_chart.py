"""A position drawn into a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.look_alike import COINBASE


def test_a_position_is_drawn(run: Run, story: str, tmp_path: Path) -> None:
    result = run("chart", COINBASE, "--to", "a.png", "--db", story)
    assert (result.code, result.out) == (0, "2022-01-03 to 2022-01-13 drawn to a.png.\n")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert run("chart", COINBASE, "--fund", "ARKW", "--to", "b.PNG", "--db", story).code == 0
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.PNG").read_bytes()


def test_nothing_is_overwritten_unasked(run: Run, story: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("mine")
    result = run("chart", COINBASE, "--to", "a.png", "--db", story)
    assert (result.code, (tmp_path / "a.png").read_text()) == (2, "mine")
    assert run("chart", COINBASE, "--to", "a.png", "--force", "--db", story).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--to", "a.pdf"), 2, "is no PNG"),
        (("--to", "none/a.png"), 2, "No such file or directory"),
        (("--to", "a.png", "--issuer", "none"), 2, "none"),
    ],
)
def test_what_cannot_be_drawn_is_said(run: Run, story: str, arguments: tuple[str, ...], code: int, words: str) -> None:
    result = run("chart", COINBASE, *arguments, "--db", story)
    assert (result.code, words in result.err) == (code, True)


def test_without_the_library_it_says_what_to_install(run: Run, story: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.notify.painter.is_installed", lambda: False)
    result = run("chart", COINBASE, "--to", "a.png", "--db", story)
    assert result.code == 1
    assert 'pip install "holdings-monitor[png]"' in result.err
    assert not Path("a.png").exists()
