"""The configuration: what is read from where, and that every fault is said at once without a secret."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.config import MailSettings, SlackSettings, SlackWebhookSettings, example_config, find_file, load
from monitor.core.errors import ConfigError
from monitor.core.model import Severity
from monitor.notify.channels import CHANNELS, build
from monitor.routing import plan_of

SECRET = "xoxb-very-secret"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str, path: str = "monitor.toml") -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def faults(text: str, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(written(text), environ or {})
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    config = load(None, {})
    assert config.file is None
    assert config.database == f"sqlite:///{tmp_path / 'holdings.db'}"
    assert config.sources_dir == tmp_path / "issuers"
    assert (config.watch, config.channels) == ((), {})
    assert config.alerts.min_severity is Severity.NORMAL
    assert config.daemon.time_zone == "America/New_York"


def test_the_file_is_looked_for_in_order() -> None:
    environ = {"HOME": "home", "HOLDINGS_MONITOR_CONFIG": "named.toml"}
    written("", "home/.config/holdings-monitor/monitor.toml")
    assert find_file(None, {"HOME": "home"}) == Path("home/.config/holdings-monitor/monitor.toml")
    written("", "xdg/holdings-monitor/monitor.toml")
    assert find_file(None, {"HOME": "home", "XDG_CONFIG_HOME": "xdg"}) == Path("xdg/holdings-monitor/monitor.toml")
    written("")
    assert find_file(None, {"HOME": "home"}) == Path("monitor.toml")
    written("", "named.toml")
    assert find_file(None, environ) == Path("named.toml")
    written("", "asked.toml")
    assert find_file(Path("asked.toml"), environ) == Path("asked.toml")
    with pytest.raises(ConfigError, match=r"gone\.toml: no such"):
        find_file(Path("gone.toml"), environ)


@pytest.mark.parametrize("issuers", [(), ("ark",), ("ark", "ishares")])
def test_the_example_loads(issuers: tuple[str, ...]) -> None:
    config = load(written(example_config(issuers)), {})
    assert [watch.issuer for watch in config.watch] == list(issuers)
    assert list(build(config, out=io.StringIO())) == ["console"]


def test_every_commented_line_of_the_example_loads_too() -> None:
    text = example_config(["ark"])
    lines = [
        line[2:] if line.startswith("# ") and ("= " in line or "[" in line[:4]) else line for line in text.splitlines()
    ]
    config = load(written("\n".join(line for line in lines if "…" not in line)), {})
    assert {channel.type for channel in config.channels.values()} == set(CHANNELS)


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    written("s3cret\n", "etc/token")
    text = '[channels.a]\ntype="file"\npath="a.jsonl"\n[channels.s]\ntype="slack"\nchannel="C1"\ntoken_file="token"\n'
    config = load(written(text, "etc/m.toml"), {})
    assert config.database == f"sqlite:///{tmp_path / 'etc/holdings.db'}"
    assert getattr(config.channels["a"], "path") == tmp_path / "etc/a.jsonl"  # noqa: B009
    slack = config.channels["s"]
    assert isinstance(slack, SlackSettings)
    assert slack.token
    assert slack.token.get_secret_value() == "s3cret"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = {
        "HOLDINGS_MONITOR_DATABASE": "sqlite:///here.db",
        "HOLDINGS_MONITOR_ALERTS__MIN_SEVERITY": "high",
        "HOLDINGS_MONITOR_DAEMON__POLL": "07:00, 19:00",
        "HOLDINGS_MONITOR_ISSUERS__ARK__BASE_URL": "http://127.0.0.1:9/",
        "HOLDINGS_MONITOR_WATCH": '[{"issuer": "ark", "funds": ["ARKK"]}]',
        "HOLDINGS_MONITOR_SOMETHING_ELSE": "1",
    }
    config = load(written('database = "sqlite:////x/y.db"\n[alerts]\nmin_severity = "low"\n', "etc/m.toml"), environ)
    assert config.database == f"sqlite:///{tmp_path / 'here.db'}"
    assert config.alerts.min_severity is Severity.HIGH
    assert config.daemon.poll == ("07:00", "19:00")
    assert config.issuers["ark"].base_url == "http://127.0.0.1:9/"
    assert config.watch[0].funds == ("ARKK",)


def test_all_faults_are_said_at_once_with_place_value_and_guess() -> None:
    text = """
    databse = "x"
    [[watch]]
    isuer = "ark"
    [alerts]
    min_severity = "loud"
    channels = ["slak"]
    [daemon]
    poll = ["25:00"]
    time_zone = "Mars/Base"
    [issuers.ark]
    base_url = "http://169.254.169.254/latest"
    [channels.slack]
    type = "slack"
    chanel = "C1"
    [channels.pigeon]
    type = "slck"
    """
    said = faults(text, {"HOLDINGS_MONITOR_DATABSE": "x", "HOLDINGS_MONITOR_WEB__PORT": "99999"})
    for part in (
        'monitor.toml: databse: unknown key; did you mean "database"?',
        'watch[0].isuer: unknown key; did you mean "issuer"?',
        "watch[0].issuer: is missing",
        'alerts.min_severity = "loud"',
        'daemon.poll[0] = "25:00"',
        'daemon.time_zone = "Mars/Base"',
        "issuers.ark.base_url",
        "link-local",
        'channels.slack.chanel: unknown key; did you mean "channel"?',
        'channels.pigeon: unknown type "slck"',
        'did you mean "slack"?',
        'environment: HOLDINGS_MONITOR_DATABSE: unknown key; did you mean "database"?',
        "environment: HOLDINGS_MONITOR_WEB__PORT",
    ):
        assert part in said


def test_unknown_channel_names_in_alerts_are_faults() -> None:
    said = faults('[alerts]\nchannels = "consol"\n[channels.console]\ntype = "console"\n')
    assert 'no channel "consol" is configured; did you mean "console"?' in said


@pytest.mark.parametrize(
    "text",
    [
        f'[channels.s]\ntype="slack"\nchannel="C"\ntoken=["{SECRET}"]\n',
        f'[channels.s]\ntype="slack"\nchannel="C"\ntokn="{SECRET}"\n',
        f'[channels.s]\ntype="slack"\nchannel="C"\ntoken="{SECRET}"\ntoken_env="T"\n',
        f'[channels.s]\ntype="slack-webhook"\nurl="http://hooks.example/{SECRET}"\n',
        f'[channels.s]\ntype="slack-webhook"\nurl="https://user:{SECRET}@hooks.example/"\n',
        f'[channels.m]\ntype="mail"\nhost="mail.example"\nfrom="a@b"\nto=[]\nuser="u"\npassword="{SECRET}"\n',
        f'[channels.m]\ntype="mail"\nhost="mail.example"\nsecurity="none"\nuser="u"\npassword="{SECRET}"\nfrom="a@b"\nto="c@d"\n',
        f'database = 5\n[web]\nhost = "0.0.0.0"\n[channels.s]\ntype="slack"\nchannel="C"\ntoken="{SECRET}"\n',
        f'[channels.s]\ntype="slack"\nchannel="C"\nbase_url="http://slack.example/api/"\ntoken="{SECRET}"\n',
        f'[channels.s]\ntype="{SECRET}\n',
    ],
)
def test_no_fault_shows_a_secret(text: str) -> None:
    faults(text)


def test_nothing_prints_a_secret() -> None:
    text = f'database = "postgresql://u:{SECRET}@h/d"\n[channels.s]\ntype="slack"\nchannel="C"\ntoken_env="T"\n'
    config = load(written(text), {"T": SECRET})
    assert SECRET not in repr(config) + str(config) + repr(config.channels)
    assert config.database_shown == "postgresql://u:***@h/d"
    assert SECRET in config.database
    assert SECRET not in repr(build(config, out=io.StringIO()))


def test_a_missing_secret_hinders_only_those_who_send() -> None:
    text = f"""
    [channels.s]
    type = "slack"
    channel = "C"
    token_env = "{SECRET}"
    [channels.h]
    type = "slack-webhook"
    url_env = "HOOK"
    [channels.m]
    type = "mail"
    host = "mail.example"
    user = "u"
    password_file = "nowhere"
    from = "a@b"
    to = "c@d, e@f"
    """
    config = load(written(text), {"HOOK": f"http://hooks.example/{SECRET}"})
    assert set(config.unavailable) == {"s", "h", "m"}
    mail = config.channels["m"]
    assert isinstance(mail, MailSettings)
    assert mail.recipients == ("c@d", "e@f")
    with pytest.raises(ConfigError) as caught:
        build(config, out=io.StringIO())
    assert str(caught.value).count("\n") == 2
    assert SECRET not in str(caught.value)
    assert "cannot read nowhere" in str(caught.value)
    with pytest.raises(ConfigError, match='no channel "x"'):
        build(config, out=io.StringIO(), only="x")


def test_a_variable_with_our_prefix_may_hold_a_secret() -> None:
    environ = {"HOLDINGS_MONITOR_CHANNEL_URL": "https://hooks.example/x"}
    text = '[channels.h]\ntype="slack-webhook"\nurl_env="HOLDINGS_MONITOR_CHANNEL_URL"\n'
    config = load(written(text), environ)
    assert config.unavailable == {}
    assert isinstance(config.channels["h"], SlackWebhookSettings)


@pytest.mark.parametrize("text", ["a = ", "database = 'x'\ndatabase = 'y'", "\x00"])
def test_text_that_is_not_toml_is_a_fault_of_the_file(text: str) -> None:
    assert "monitor.toml: " in faults(text)


def test_the_address_of_the_database_may_stand_in_a_file() -> None:
    written("postgresql://monitor:very-secret@db/holdings\n", "secrets/database.url")
    config = load(written('database_file = "secrets/database.url"\n'), {})
    assert config.database == "postgresql://monitor:very-secret@db/holdings"
    assert config.database_shown == "postgresql://monitor:***@db/holdings"
    assert load(None, {"HOLDINGS_MONITOR_DATABASE_FILE": "secrets/database.url"}).database == config.database
    assert "give only one of database and database_file" in faults(
        'database_file = "secrets/database.url"\ndatabase = "sqlite:///x.db"\n'
    )
    assert "cannot read gone: No such file" in faults('database_file = "gone"\n')
    written("two\nlines", "lines")
    assert "does not hold an address on one line" in faults('database_file = "lines"\n')


@pytest.mark.parametrize(
    ("written_url", "shown"),
    [
        ("postgresql://u:a@b@host/db", "postgresql://u:***@host/db"),
        ("postgresql://u@host/db?password=x&sslmode=require", "postgresql://u@host/db?password=***&sslmode=require"),
        ("sqlite:////data/a@b.db", "sqlite:////data/a@b.db"),
    ],
)
def test_a_database_is_shown_without_its_password(written_url: str, shown: str) -> None:
    assert load(None, {"HOLDINGS_MONITOR_DATABASE": written_url}).database_shown == shown


def test_a_query_is_not_repeated_in_a_fault() -> None:
    said = faults(f'[issuers.ark]\nbase_url = "ftp://mirror.example/x?k={SECRET}"\n')
    assert "ftp://mirror.example/x?***" in said


@pytest.mark.parametrize("url", ["https://m.example", "https://m.example/", "http://10.0.0.5:8765/desk/"])
def test_the_address_of_the_page_is_what_alerts_link_to(url: str) -> None:
    config = load(written(f'[web]\nurl = "{url}"\n'), {})
    assert config.web.url == url.rstrip("/")
    assert plan_of(config, {}).page == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["m.example", "ftp://m.example", "https://u:p@m.example", "https://m.example/?a=1", "https://m.example/<x>"]
)
def test_what_cannot_be_linked_to_is_a_fault(url: str) -> None:
    assert "web.url: " in faults(f'[web]\nurl = "{url}"\n')


def test_tokens_of_the_page_that_cannot_be_read_or_tell_nobody_apart_are_faults() -> None:
    text = '[web]\ntoken_env = "T"\noperator_token_env = "O"\n'
    config = load(written(text), {"T": "reader-token", "O": "operator-token"})
    assert config.web_fault == ""
    assert config.web.operator_token is not None
    assert "O " in load(written(text), {"T": "reader-token"}).web_fault  # said by `serve` and `doctor`
    same = load(written(text), {"T": "one-token", "O": "one-token"}).web_fault
    assert "the same" in same
    assert "one-token" not in same
    assert "operator_token" in faults(text + "enabled = true\n", {"T": "reader-token"})
