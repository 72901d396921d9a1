"""The configuration: one file and the environment become one frozen `Config`, all faults at once.

It knows neither which issuers exist nor how to send anything, and it reads nothing after `load`.
"""

from monitor.config.example import example_config
from monitor.config.faults import PREFIX
from monitor.config.reading import Config, find_file, load
from monitor.config.sections import (
    Alerts,
    ChannelSettings,
    ConsoleSettings,
    Daemon,
    FileSettings,
    IssuerSettings,
    MailSettings,
    SlackSettings,
    Watch,
    Web,
    WebhookSettings,
)

__all__ = [
    "PREFIX",
    "Alerts",
    "ChannelSettings",
    "Config",
    "ConsoleSettings",
    "Daemon",
    "FileSettings",
    "IssuerSettings",
    "MailSettings",
    "SlackSettings",
    "Watch",
    "Web",
    "WebhookSettings",
    "example_config",
    "find_file",
    "load",
]
