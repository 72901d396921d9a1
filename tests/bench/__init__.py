"""How long the answers take: every question, with parameters taken from the database itself.

Run by hand, not in the suite.
"""
