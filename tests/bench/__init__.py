"""How fast the program is, how large its database, and how that compares: run by hand, `python -m tests.bench --help`.

Each work is a module (`ark`, `day`, `size` …); `harness` runs and measures processes, `table` prints, `limits` is
what the machine allows, `rivals` and `peers/` are what a user would take instead.
"""
