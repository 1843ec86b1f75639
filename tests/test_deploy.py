"""What deploy/ holds is what the axis is: units, images, rules and manifests are checked by their own tools
where those are there, and against the code in any case."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from prometheus_client import CollectorRegistry

from axis_server.cli import main
from axis_server.metrics import Metrics, Workforce, described
from axis_server.settings import Secrets, load
from axis_server.supervision.supervisor import SLACK_SECONDS
from tests.engines import require

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
PATIENCE = 600.0
"""Seconds for a checking program: far more than a loaded machine needs."""
PROGRAM = "/opt/axis/bin/axis-server"
TEMPLATE = ("template", "axis", "helm/axis", "--kube-version", "1.30.0")


def exported() -> dict[str, tuple[str, ...]]:
    """Every name under which Prometheus knows a metric of the axis, with its labels."""
    names: dict[str, tuple[str, ...]] = {}
    for metrics in (Metrics.make(), Workforce.make(CollectorRegistry())):
        for name, kind, _, labels in described(metrics):
            suffixes = ("_bucket", "_count", "_sum") if kind == "histogram" else ("",)
            names |= {name + suffix: labels for suffix in suffixes}
    return names


def expressions() -> Iterator[tuple[str, str]]:
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DEPLOY / "grafana" / "axis.json").read_text("utf-8"))
    return found


def test_every_metric_and_label_that_rules_and_dashboard_name_exists() -> None:
    known = exported()
    own = {"instance", "job", "le"}
    assert len(list(expressions())) > 25
    for where, expression in expressions():
        bare = re.sub(r'"[^"]*"', '""', expression)
        used = re.findall(r"\b(axis_\w+)", bare)
        assert used or "up{" in bare, where
        assert not set(used) - set(known), where
        labels = {
            label
            for selector in re.findall(r"\{([^}]*)\}", bare)
            for label in re.findall(r"(\w+)\s*[=!]", selector)
        }
        labels |= {label.strip() for by in re.findall(r"by \(([^)]*)\)", bare) for label in by.split(",")}
        allowed = own.union(*(known[name] for name in used))
        assert labels <= allowed, (where, labels - allowed)


def test_every_metric_that_is_an_alarm_has_a_rule() -> None:
    rules = " ".join(expression for _, expression in expressions())
    for metrics in (Metrics.make(), Workforce.make(CollectorRegistry())):
        for name, _, text, _ in described(metrics):
            if "an alarm" in text:
                assert name in rules, name


def test_promtool_takes_the_rules_and_they_fire_when_they_should() -> None:
    promtool = require("promtool")
    for command in (("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")):
        done = subprocess.run(
            [promtool, *command], cwd=DEPLOY / "prometheus", capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_panels_of_the_dashboard_do_not_lie_upon_each_other() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells


def unit(name: str) -> str:
    return (DEPLOY / "systemd" / name).read_text("utf-8")


def setting(text: str, name: str) -> str:
    (value,) = re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)
    return str(value)


def understood(command: list[str]) -> None:
    """The command line exists, as far as can be known without its configuration: nothing else is missing."""
    at = command.index("--config")
    done = CliRunner().invoke(main, [*command[:at], "--config", "/nowhere/axis.toml", *command[at + 2 :]])
    assert done.exit_code == 2
    assert "'/nowhere/axis.toml' does not exist" in done.output, done.output


def test_systemd_takes_the_units_and_finds_little_exposed(tmp_path: Path) -> None:
    analyze = require("systemd-analyze")
    for name in ("axis.service", "axis-backup.service", "axis-backup.timer"):
        (tmp_path / name).write_text(unit(name).replace(PROGRAM, "/bin/true"))
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run([analyze, "verify", *files], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")
    exposed = [analyze, "security", "--offline=true", "--threshold=20", str(tmp_path / "axis.service")]
    done = subprocess.run(exposed, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout


def test_the_units_run_commands_that_exist_and_leave_time_to_stop(tmp_path: Path) -> None:
    for name in ("axis.service", "axis-backup.service"):
        program, *arguments = shlex.split(setting(unit(name), "ExecStart"))
        assert program == PROGRAM
        understood(arguments)
    made = CliRunner().invoke(main, ["init", str(tmp_path / "axis")])
    assert made.exit_code == 0
    grace = load(tmp_path / "axis" / "axis.toml").server.shutdown_grace_seconds
    assert float(setting(unit("axis.service"), "TimeoutStopSec")) > grace + SLACK_SECONDS
    (pod,) = [one for one in manifests() if one["kind"] == "StatefulSet"]
    assert pod["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > grace + SLACK_SECONDS


def instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_holds_every_package_runs_as_nobody_in_particular_and_starts_the_axis() -> None:
    found = instructions()
    words = {word for word, _ in found}
    assert words <= {
        "FROM",
        "WORKDIR",
        "COPY",
        "RUN",
        "ENV",
        "USER",
        "VOLUME",
        "EXPOSE",
        "STOPSIGNAL",
        "ENTRYPOINT",
        "CMD",
    }
    for word, rest in found:
        if word == "FROM":
            assert re.search(r":[\w.-]+$", rest.split()[0]) and ":latest" not in rest
        if word == "COPY" and not rest.startswith("--from"):
            *sources, _ = rest.split()
            assert all((ROOT / source).exists() for source in sources), rest
    copied = {source.split("/")[0] for word, rest in found if word == "COPY" for source in rest.split()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert {package.split("/")[0] for package in packages} <= copied
    last = dict(found)
    assert re.fullmatch(r"[1-9]\d+", last["USER"])
    assert json.loads(last["ENTRYPOINT"]) == ["axis-server"]
    understood(json.loads(last["CMD"]))


def manifests(mode: str = "embedded") -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes" / f"{mode}.yaml").read_text("utf-8")))


def test_the_manifests_are_what_the_chart_makes() -> None:
    helm = shutil.which("helm")
    if helm is None:
        pytest.skip("helm is not installed: the manifests are checked as they are")
    assert run([helm, "lint", "--strict", "helm/axis"]).returncode == 0
    for mode in ("embedded", "shared"):
        made = run([helm, *TEMPLATE, "--set", f"mode={mode}"])
        assert made.stdout == (DEPLOY / "kubernetes" / f"{mode}.yaml").read_text("utf-8")
    refused = run([helm, *TEMPLATE, "--set", "image.tag=latest"])
    assert refused.returncode != 0 and "tag" in refused.stderr


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=DEPLOY, capture_output=True, text=True, timeout=PATIENCE)


def test_every_value_of_the_chart_is_described_and_used() -> None:
    chart = DEPLOY / "helm" / "axis"
    values = yaml.safe_load((chart / "values.yaml").read_text("utf-8"))
    schema = json.loads((chart / "values.schema.json").read_text("utf-8"))
    templates = "".join(path.read_text("utf-8") for path in sorted((chart / "templates").iterdir()))
    assert set(values) | {"global"} == set(schema["properties"])
    assert set(re.findall(r"\.Values\.(\w+)", templates)) == set(values)


@pytest.mark.parametrize(
    ("mode", "nodes", "others"),
    [("embedded", "StatefulSet", set()), ("shared", "Deployment", {"PodDisruptionBudget"})],
)
def test_the_manifests_belong_together_and_let_the_pod_do_nothing_more_than_it_needs(
    mode: str, nodes: str, others: set[str]
) -> None:
    by_kind = {one["kind"]: one for one in manifests(mode)}
    assert set(by_kind) == {"Service", nodes, "NetworkPolicy"} | others
    assert all(one["metadata"]["name"] == "axis" and one["apiVersion"] for one in by_kind.values())
    spec = by_kind[nodes]["spec"]
    pod = spec["template"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == by_kind["Service"]["spec"]["selector"] == labels
    assert by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert (spec["replicas"] == 1) == (mode == "embedded"), "the embedded stores are for one pod"
    (container,) = pod["containers"]
    ports = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in by_kind["Service"]["spec"]["ports"]} <= ports
    volumes = {one["name"] for one in pod["volumes"]} | {
        one["metadata"]["name"] for one in spec.get("volumeClaimTemplates", [])
    }
    assert {one["name"] for one in container["volumeMounts"]} == volumes
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    understood(container["args"])


def test_the_composition_names_only_what_is_there() -> None:
    whole = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text("utf-8"))
    services = whole["services"]
    for service in services.values():
        assert set(service.get("depends_on", [])) <= set(services)
        assert "build" in service or re.search(r":[\w.-]+$", service["image"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source.startswith("./") or source in whole["volumes"]
    grace = int(services["node-1"]["stop_grace_period"].removesuffix("s"))
    (pod,) = [one for one in manifests() if one["kind"] == "StatefulSet"]
    assert grace >= pod["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    node = services["node-1"]
    assert node["read_only"] is True and node["cap_drop"] == ["ALL"]
    understood(node["command"])
    build = node["build"]
    assert (DEPLOY / "compose" / build["context"] / build["dockerfile"]).is_file()
    names = {f"AXIS_{name.upper()}" for name in Secrets.model_fields}
    assert set(node["environment"]) <= names


@pytest.mark.parametrize("name", ["axis.service", "axis-backup.service"])
def test_no_unit_may_gain_privileges(name: str) -> None:
    text = unit(name)
    assert setting(text, "NoNewPrivileges") == "yes"
    assert setting(text, "CapabilityBoundingSet") == ""
    assert setting(text, "ProtectSystem") == "strict"
    assert setting(text, "User") == "axis"
