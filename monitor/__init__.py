"""Watches what funds hold and says what entered, left or came back."""

__version__ = "0.1.0"
