"""What the values of a column are, in views, answers, frames and exports: one small set for all of them."""

from __future__ import annotations

from enum import StrEnum


class Sort(StrEnum):
    """What the values of a column are; each has one dtype in a frame and one type in a Parquet file."""

    TEXT = "text"
    DAY = "day"
    INSTANT = "instant"
    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"
    LIST = "list"
