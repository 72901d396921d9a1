"""What `deploy/` hands out is what the tools that read it accept, and as locked down as its README says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from monitor.app import App
from monitor.config import load
from monitor.store.engine import Engine
from monitor.web.metrics import Metrics

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def tool(name: str) -> str:
    """A program of the test extra, or of the machine."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found


def documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text("utf-8")) if one]


# --- container ------------------------------------------------------------------------------------


def test_the_dockerfile_has_no_finding() -> None:
    done = subprocess.run([tool("hadolint"), str(DEPLOY / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_image_is_unprivileged_and_made_of_what_the_locks_name() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    last = text.split("\nFROM ")[-1]
    assert "USER 10001:10001" in last
    assert "STOPSIGNAL SIGTERM" in last
    assert 'ENTRYPOINT ["holdings-monitor"]' in last
    assert "HEALTHCHECK" in last
    installs = re.findall(r"install (?:\\\n\s*)?(--\S+(?: --\S+)*)", text)
    assert installs
    assert all("--require-hashes" in one or "--no-index" in one for one in installs if "directory" not in one)
    copied = [word for line in re.findall(r"^COPY (.*)$", text, flags=re.M) for word in line.split()[:-1]]
    assert [name for name in copied if not name.startswith(("--", "/")) and not (ROOT / name).exists()] == []


@pytest.mark.parametrize("file", ["requirements.lock", "build.lock"])
def test_the_locks_name_what_the_project_asks_for(file: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    needs = {
        "requirements.lock": project["project"]["dependencies"]
        + [need for name, some in extras.items() if name not in ("cluster", "test") for need in some],
        "build.lock": project["build-system"]["requires"],
    }[file]
    locked: dict[str, list[str]] = {}  # some have a version for each Python
    for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", (DEPLOY / file).read_text("utf-8"), flags=re.M):
        locked.setdefault(name, []).append(version)
    for need in map(Requirement, needs):
        versions = locked.get(canonicalize_name(need.name), [])
        assert versions, need.name
        assert all(need.specifier.contains(one) for one in versions), (need, versions)


def test_the_compose_file_fits_its_schema() -> None:
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_composed_services_are_locked_down() -> None:
    (compose,) = documents(DEPLOY / "compose.yaml")
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        assert set(service.get("secrets", ())) <= set(compose["secrets"]), name
    assert compose["networks"]["inside"]["internal"] is True
    assert compose["services"]["daemon"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert "ports" not in compose["services"]["database"]


def test_the_page_is_served_read_only_and_knows_no_secret_of_channels() -> None:
    (compose,) = documents(DEPLOY / "compose.yaml")
    web = compose["services"]["web"]
    assert web["command"] == ["serve"]
    assert web["secrets"] == ["database_url", "web_token"]
    assert all(volume.endswith(":ro") for volume in web["volumes"])
    unit = (DEPLOY / "systemd" / "holdings-monitor-web.service").read_text("utf-8")
    assert "holdings-monitor serve " in unit
    (args,) = [pod["containers"][0]["args"] for name, pod in pods() if name == "web.yaml"]
    assert args == ["serve"]


def test_the_configuration_for_containers_loads(tmp_path: Path) -> None:
    for text in (_example(), _config_map()):
        places = re.findall(r'"(/run/secrets/[^"]+)"', text)
        assert places
        for place in places:
            (tmp_path / Path(place).name).write_text("postgresql://monitor:x@database/holdings", encoding="utf-8")
            text = text.replace(place, str(tmp_path / Path(place).name))
        file = tmp_path / "monitor.toml"
        file.write_text(text, encoding="utf-8")
        config = load(file, {})
        assert config.database_shown == "postgresql://monitor:***@database/holdings"
        assert (config.web.enabled, config.daemon.log, dict(config.unavailable)) == (True, "json", {})


def _example() -> str:
    return (DEPLOY / "monitor.example.toml").read_text("utf-8")


def _config_map() -> str:
    (found,) = documents(DEPLOY / "kubernetes" / "config.yaml")
    text: str = found["data"]["monitor.toml"]
    return text


# --- Kubernetes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [path for path in MANIFESTS if path.stem != "kustomization"], ids=lambda path: path.name
)
def test_the_manifests_fit_the_schema_of_kubernetes(path: Path) -> None:
    for one in documents(path):
        kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)


def test_the_manifests_need_no_merging_of_anchors() -> None:
    assert [path.name for path in MANIFESTS if "<<:" in path.read_text("utf-8")] == []


def test_the_kustomization_names_what_is_there() -> None:
    (found,) = documents(DEPLOY / "kubernetes" / "kustomization.yaml")
    names = {path.name for path in MANIFESTS}
    assert set(found["resources"]) == names - {"kustomization.yaml", "sqlite.yaml"}


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in MANIFESTS:
        for one in documents(path):
            spec = one.get("spec", {})
            spec = spec.get("jobTemplate", {}).get("spec", spec)
            if "template" in spec:
                yield path.name, spec["template"]["spec"]


def test_pods_are_restricted_and_find_what_they_mount() -> None:
    made = {
        (one["kind"], one["metadata"]["name"]) for path in MANIFESTS for one in documents(path) if "metadata" in one
    }
    assert len(list(pods())) == 4
    for name, pod in pods():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in pod["containers"]:
            guarded = container["securityContext"]
            assert guarded["readOnlyRootFilesystem"] is True, name
            assert guarded["allowPrivilegeEscalation"] is False, name
            assert guarded["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["limits"]["memory"], name
        for volume in pod["volumes"]:
            wanted = {
                ("ConfigMap", volume.get("configMap", {}).get("name")),
                ("Secret", volume.get("secret", {}).get("secretName")),
                ("PersistentVolumeClaim", volume.get("persistentVolumeClaim", {}).get("claimName")),
            }
            assert {one for one in wanted if one[1]} <= made, name


def test_selectors_find_the_pods() -> None:
    for path in MANIFESTS:
        for one in documents(path):
            if one["kind"] in ("Deployment", "StatefulSet"):
                assert one["spec"]["selector"]["matchLabels"] == one["spec"]["template"]["metadata"]["labels"]


# --- systemd --------------------------------------------------------------------------------------


def test_the_units_are_understood(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    program = tmp_path / "holdings-monitor"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    for path in (DEPLOY / "systemd").glob("holdings-monitor*"):
        text = path.read_text("utf-8").replace("/opt/holdings-monitor/bin/holdings-monitor", str(program))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    units = [str(tmp_path / path.name) for path in (DEPLOY / "systemd").glob("holdings-monitor*")]
    done = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    own = [line for line in (done.stdout + done.stderr).splitlines() if "holdings-monitor" in line]
    assert (done.returncode, own) == (0, []), done.stderr


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_the_units_are_exposed_little(path: Path) -> None:
    """`systemd-analyze security` says 0 (nothing is allowed) to 10; systemd 252 gave 1.4 in November 2026."""
    command = [tool("systemd-analyze"), "security", "--offline=true", "--threshold=20", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-400:] + done.stderr


# --- Prometheus and Grafana -----------------------------------------------------------------------


def test_the_alert_rules_are_understood() -> None:
    command = [tool("promtool"), "check", "rules", str(DEPLOY / "prometheus" / "rules.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_and_dashboard_name_metrics_that_exist(sqlite_engine: Engine) -> None:
    config = load(None, {})
    app = App(config, lambda: datetime(2026, 11, 20, tzinfo=UTC), lambda text: None)
    told = Metrics(app, sqlite_engine, 30.0).text().decode()
    known = set(re.findall(r"^# TYPE (\S+) ", told, flags=re.M))
    assert len(known) >= 15
    for path in (DEPLOY / "prometheus" / "rules.yml", DEPLOY / "grafana" / "dashboard.json"):
        named = set(re.findall(r"holdings_monitor_\w+", path.read_text("utf-8")))
        assert named, path.name
        assert named - known == set(), path.name


def test_every_alert_says_what_to_do() -> None:
    (rules,) = documents(DEPLOY / "prometheus" / "rules.yml")
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in alerts}) == len(alerts) >= 8
    for rule in alerts:
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "description"}, rule["alert"]


def test_the_dashboard_has_no_overlapping_panels() -> None:
    board = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text("utf-8"))
    cells: set[tuple[int, int]] = set()
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for panel in board["panels"]:
        place = panel["gridPos"]
        own = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not own & cells, panel["title"]
        assert max(x for x, _ in own) < 24, panel["title"]
        cells |= own


# --- locks ----------------------------------------------------------------------------------------

PINNED = re.compile(r"^([a-z0-9.-]+)==([^ \\]+)", flags=re.M)


@pytest.mark.parametrize("name", ["requirements.lock", "build.lock"])
def test_a_lock_names_hashes_and_no_address(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(?:-i|--index-url|--extra-index-url|--find-links|-f)\b", text, flags=re.M)
    entries = re.split(r"\n(?=[a-z])", "\n" + text)[1:]
    assert entries
    assert [
        entry.split("\n")[0] for entry in entries if entry and entry[0].isalpha() and "--hash=sha256:" not in entry
    ] == []


def test_the_lock_satisfies_what_the_project_needs() -> None:
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pinned: dict[str, list[str]] = {}
    for package, version in PINNED.findall((DEPLOY / "requirements.lock").read_text("utf-8")):
        pinned.setdefault(package, []).append(version)
    for text in (*project["dependencies"], *project["optional-dependencies"]["apprise"]):
        need = Requirement(text)
        versions = pinned.get(need.name.lower().replace("_", "-"), [])
        assert versions, f"{need.name} is not in the lock: run deploy/lock.sh"
        assert all(need.specifier.contains(version) for version in versions), f"{text}: run deploy/lock.sh"
        if need.name == "psycopg":
            assert "psycopg-binary" in pinned
