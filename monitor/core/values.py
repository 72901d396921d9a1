"""How the values of which there are hundreds of thousands are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["quick"]

if TYPE_CHECKING:
    from dataclasses import dataclass as quick
else:
    from dataclasses import dataclass

    def quick(**options):
        """As `dataclass`. The type checker sees a frozen class; at runtime nothing forbids to assign to a field.

        Making a frozen value of ten fields takes 1 µs, six times as long as one that is not: every field goes through
        `object.__setattr__`. One replay of the reference history makes three such values of each of its lines.
        """
        return dataclass(**(options | {"frozen": False, "unsafe_hash": True}))
