"""Messages and the channels that carry them. Knows no database, no source and no schedule."""
