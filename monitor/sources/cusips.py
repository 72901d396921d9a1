"""Completes CUSIPs that a whole file prints without their check digit, eight characters for nine.

One such number alone could as well have lost a leading zero: only what most lines of the file look like decides.
"""

from __future__ import annotations

import re
from dataclasses import replace

from monitor.core.identity import cusip_check_digit, cusip_is_valid
from monitor.core.model import Line

_EIGHT = re.compile(r"[0-9A-Z]{8}")
FEWEST = 3  # lines: fewer say nothing about a file
MOST = 0.6  # of the numbers must be of shares: eight digits may also be an issuer's own numbers


def completed(lines: list[Line]) -> tuple[list[Line], int]:
    """The lines with whole CUSIPs, and how many were completed."""
    eight = [line.identifier for line in lines if len(line.identifier) == 8 and _EIGHT.fullmatch(line.identifier)]
    short, shares = len(eight), sum(code.endswith("0") for code in eight)  # the first issue of shares is 10, then 20
    if short < FEWEST or shares < MOST * short:
        return lines, 0
    whole = sum(cusip_is_valid(line.identifier) for line in lines if len(line.identifier) == 9)
    if short <= whole:
        return lines, 0
    made = [
        replace(line, identifier=line.identifier + cusip_check_digit(line.identifier), described=None)
        if _EIGHT.fullmatch(line.identifier)
        else line
        for line in lines
    ]
    return made, short
