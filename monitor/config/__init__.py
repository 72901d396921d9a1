"""The configuration: one file and the environment become one frozen `Config`, all faults at once.

It knows neither which issuers exist nor how to send anything, and it reads nothing after `load`.
"""

from monitor.config.channels import (
    AppriseSettings,
    ChannelSettings,
    ConsoleSettings,
    FileSettings,
    MailSettings,
    SlackSettings,
    SlackWebhookSettings,
    WebhookSettings,
)
from monitor.config.example import example_config
from monitor.config.faults import PREFIX
from monitor.config.reading import Config, find_file, load
from monitor.config.rules import Mute, Rule
from monitor.config.sections import Alerts, Blindness, Daemon, Heartbeat, IssuerSettings, Sec, Watch, Wayback, Web

__all__ = [
    "PREFIX",
    "Alerts",
    "AppriseSettings",
    "Blindness",
    "ChannelSettings",
    "Config",
    "ConsoleSettings",
    "Daemon",
    "FileSettings",
    "Heartbeat",
    "IssuerSettings",
    "MailSettings",
    "Mute",
    "Rule",
    "Sec",
    "SlackSettings",
    "SlackWebhookSettings",
    "Watch",
    "Wayback",
    "Web",
    "WebhookSettings",
    "example_config",
    "find_file",
    "load",
]
