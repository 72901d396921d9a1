"""The pages people look at, rendered on the server; they work without JavaScript. A module per page."""

from monitor.web.pages.routes import router

__all__ = ["router"]
