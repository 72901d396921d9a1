"""Databases with the trading days of the stories."""

from tests.scenarios.conftest import fresh, lite, stage, stage_file

__all__ = ["fresh", "lite", "stage", "stage_file"]
