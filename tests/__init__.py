"""The tests; a package so that support modules are imported by name whatever else is installed."""
