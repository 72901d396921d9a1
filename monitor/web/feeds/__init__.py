"""Feeds of changes: Atom and JSON Feed 1.1 of items, whole or of one fund, issuer, security or watchlist."""

from monitor.web.feeds.routes import router

__all__ = ["router"]
