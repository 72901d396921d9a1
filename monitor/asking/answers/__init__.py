"""The functions that answer, a module per subject: `question(conn, asked)` gives rows, frozen dataclasses, sorted by
meaning. What needs no database is computed in `core`; SQL stays in `store.queries`.
"""
