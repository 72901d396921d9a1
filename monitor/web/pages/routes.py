"""Every page of the site, in one router."""

from __future__ import annotations

from fastapi import APIRouter

from monitor.web.pages import (
    compare,
    coverage,
    deciding,
    deliveries,
    help,
    issuer,
    items,
    portfolios,
    search,
    securities,
    today,
)

router = APIRouter(include_in_schema=False)
router.include_router(today.router)
router.include_router(compare.router)
router.include_router(coverage.router)
router.include_router(deciding.router)
router.include_router(deliveries.router)
router.include_router(help.router)
router.include_router(issuer.router)
router.include_router(items.router)
router.include_router(portfolios.router)
router.include_router(search.router)
router.include_router(securities.router)
