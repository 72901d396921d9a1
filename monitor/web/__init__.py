"""What the daemon answers over HTTP: health and metrics. Read-only; on this machine unless told otherwise."""
