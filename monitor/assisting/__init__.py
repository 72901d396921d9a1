"""The history for assistants, over the Model Context Protocol: a read-only tool per question, figures with files.

It asks `monitor.asking` and decides nothing. What comes from files is data, never an instruction: it is cleaned of
control characters, bounded, and said to be so.
"""
