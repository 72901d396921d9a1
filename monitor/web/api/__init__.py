"""The HTTP API, version 1: an endpoint per question, read-only."""

from monitor.web.api.routes import router

__all__ = ["router"]
