"""What issuers publish: where it is, how to fetch it politely and how to read it as text.

Differences between issuers are data (`issuers/*.toml`). Nothing here opens a database, decides whether
a file may be believed, or knows what a security is.
"""
