"""Every page the browser tests walk, a line each. A page that is not here is not tested: add yours."""

from __future__ import annotations

from dataclasses import dataclass

from tests.browser.town import HOSTILE


@dataclass(frozen=True)
class Place:
    """A page: the name of its pictures, where it is, what its heading contains."""

    name: str
    path: str
    heading: str


PLACES: tuple[Place, ...] = (
    Place("today", "/", "Today"),
    Place("today-chosen", "/?day=2026-06-22&issuer=lantern&severity=low", "Today"),
    Place("item", "/item/I53D81E680A3D58", "QUILLON ROBOTICS INC"),
    Place("item-corrected", "/item/ID208F6D6F1E130", ""),
    Place("evidence", "/item/I53D81E680A3D58/evidence", "Evidence"),
    Place("security", "/security/S77EC0A6F67", "QUILLON ROBOTICS INC"),
    Place("security-hostile", "/security/S7F003000AC", "LONGWINDED"),
    Place("funds", "/funds", "Funds"),
    Place("fund", "/fund/lantern/LANB?on=2026-06-22&against=2026-03-02", "LANB"),
    Place("fund-silent", "/fund/lantern/LANC", "LANC"),
    Place("compare", "/compare?fund=lantern/LANA&other=LANB", "LANA beside LANB"),
    Place("compare-choose", "/compare", "Compare two funds"),
    Place("coverage", "/coverage?files=all", "Coverage and quarantine"),
    Place("coverage-file", "/coverage/file/LANC/2026-06-22", "LANC file dated 2026-06-22"),
    Place("deliveries", "/deliveries", "Deliveries"),
    Place("search", "/search?q=fund&all=1", "Found for"),
    Place("search-nothing", "/search?q=zzzzz", "Found for"),
    Place("issuer", "/issuer/lantern", "Lantern"),
    Place("security", "/security/QLN", "QUILLON"),
    Place("security-hostile", f"/security/{HOSTILE[4].identifier}", "LONG"),
    Place("help", "/help", "API, feeds and SQL"),
    Place("delivery", "/deliveries/1", "Delivery 1"),
)
