"""The promises of running: never lost, never twice. `python -m tests.reliability` tries them and prints a table.

Everything is driven from outside: the command, its configuration file, and servers on this machine that play the
issuer, Slack, the mail server and a webhook's receiver, and misbehave on request.
"""
