"""Whole views and answers as files: CSV, JSON, JSON lines, Parquet, Excel. A file is complete or absent.

Rows pass through in batches, so that a view may be larger than the memory. It prints nothing and holds no SQL.
"""
