"""The descriptions, a module per subject. Nothing here asks a database or imports what does."""
