"""A database with trading days, the invented issuer as a user's own source, and the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import clean_place, run
from tests.scenarios.conftest import fresh, lite, stage, stage_file
from tests.scenarios.stories import FUND, TOML

__all__ = ["clean_place", "fresh", "lite", "place", "run", "stage", "stage_file"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a configuration whose own source is the invented issuer, which is also the present folder."""
    folder = tmp_path / "issuers"
    folder.mkdir()
    funds = "".join(FUND.format(ticker=ticker, kind="active") for ticker in ("LANA", "LANB"))
    (folder / "lantern.toml").write_text(TOML + funds, encoding="utf-8")
    (tmp_path / "monitor.toml").write_text('database = "sqlite:///monitor.db"\n', encoding="utf-8")
    return tmp_path
