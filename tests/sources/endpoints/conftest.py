"""The command line for tests of endpoints, in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import clean_place, run
from tests.sources.endpoints.issuer import Issuer

__all__ = ["clean_place", "run"]


@pytest.fixture
def issuer(httpserver: HTTPServer, tmp_path: Path, sqlite_template: Path) -> Issuer:
    """An issuer on this machine, whose source the command line knows as `willow`; the database is there, empty."""
    shutil.copyfile(sqlite_template, tmp_path / "holdings.db")
    return Issuer(httpserver, tmp_path)
