"""The questions the history answers: one description each, read by the command line, the HTTP API, the page, the MCP
server and the DataFrames of `monitor.analysis`. It asks the store and computes in `core`; it prints and serves nothing.

`questions` describes (and imports nothing heavy, so that --help is quick), `answers` answers.
"""
