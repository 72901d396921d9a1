"""The HTTP API, version 1: an endpoint per question, read-only."""
