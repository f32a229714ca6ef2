"""The chart: what Helm says of it, and that what it renders is what Kubernetes takes."""

import json
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy import promtool
from deploy.chart import CHART, KUBERNETES, VALUES, Helm, Manifest, Refused, of_kind, only
from support.processes import run
from support.servers import PERDURE, REPOSITORY

FILES = [[], *[[file] for file in VALUES]]
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
OTHERS = {"ServiceMonitor", "PrometheusRule", "ScaledObject", "TriggerAuthentication"}

each_values = pytest.mark.parametrize("values", FILES, ids=["default", *[file.stem for file in VALUES]])


def objects_in(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for item in schema for found in objects_in(item)]
    if not isinstance(schema, dict):
        return []
    here = [schema] if schema.get("type") == "object" else []
    return here + [found for value in schema.values() for found in objects_in(value)]


@each_values
def test_lint(helm: Helm, values: list[Path]) -> None:
    assert "0 chart(s) failed" in helm.lint(values)


@each_values
@pytest.mark.parametrize("release", ["perdure", "r"])
def test_kubernetes_takes_each_manifest(helm: Helm, values: list[Path], release: str) -> None:
    manifests = helm.render(values, release)
    assert {"StatefulSet", "Service", "ConfigMap"} <= {manifest["kind"] for manifest in manifests}
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests]
    assert len(names) == len(set(names))
    for manifest in manifests:
        if manifest["kind"] not in OTHERS:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_the_check_of_manifests_finds_what_is_wrong(helm: Helm) -> None:
    broken = only(helm.render([]), "StatefulSet")
    broken["spec"]["template"]["spec"]["containers"][0]["imagge"] = "x"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, KUBERNETES, strict=True)


def check_others(manifests: list[Manifest], folder: Path) -> subprocess.CompletedProcess[str]:
    """Those of Prometheus' operator and KEDA; crds.py says how."""
    requirements = str(Path(__file__).with_name("requirements.txt"))
    environment = run([str(REPOSITORY / "scripts/python_env.sh"), "crds", requirements]).splitlines()[-1]
    file = folder / "others.yaml"
    file.write_text(yaml.safe_dump_all(manifests))
    command = [f"{environment}/bin/python", str(Path(__file__).with_name("crds.py")), str(file)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.timeout(600, func_only=True)
def test_operators_take_their_manifests(helm: Helm, tmp_path: Path) -> None:
    rendered = [manifest for values in FILES for manifest in helm.render(values)]
    others = [manifest for manifest in rendered if manifest["kind"] in OTHERS]
    assert {manifest["kind"] for manifest in others} == OTHERS
    done = check_others(others, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    next(m for m in others if m["kind"] == "ServiceMonitor")["spec"]["endpoints"][0]["intervall"] = "3s"
    assert "ServiceMonitor.spec.endpoints[0].intervall" in check_others(others, tmp_path).stdout


def test_the_schema_is_closed() -> None:
    """No object takes keys that it does not name; only maps of strings are open."""
    for found in objects_in(SCHEMA):
        if "properties" in found:
            assert found["additionalProperties"] is False
        else:
            assert found["additionalProperties"] in (False, {"type": "string"}) or set(
                found["additionalProperties"]
            ) == {"enum"}


@pytest.mark.parametrize(
    "values",
    [
        {"replica": 1},
        {"server": {"grace": 3}},
        {"pod": {"resources": {"limits": {"cpuu": 1}}}},
        {"probes": {"liveness": {"period": 1}}},
        {"networkPolicy": {"clients": [{"podSelektor": {}}]}},
        {"workers": [{"name": "a", "taskQueue": "a", "image": "a", "scaling": {"max": 3}}]},
        {"replicas": 2},
        {"server": {"executors": 0}},
        {"server": {"searchAttributes": {"Price": "Money"}}},
        {"ports": {"grpc": "7233"}},
        {"database": {"secretName": ""}},
        {"workers": [{"name": "No_such_name", "taskQueue": "a", "image": "a"}]},
        {"workers": [{"name": "a", "image": "a"}]},
    ],
    ids=json.dumps,
)
def test_values_that_are_refused(helm: Helm, tmp_path: Path, values: Manifest) -> None:
    with pytest.raises(Refused, match="values don't meet the specifications of the schema"):
        helm.render_with(values, tmp_path)


def test_a_worker_without_certificates_is_refused(helm: Helm, tmp_path: Path) -> None:
    values = {"tls": {"enabled": True}, "workers": [{"name": "a", "taskQueue": "a", "image": "a"}]}
    with pytest.raises(Refused, match="a needs tlsSecretName"):
        helm.render_with(values, tmp_path)


def keys_of(tree: Any, prefix: str = "") -> set[str]:
    if not isinstance(tree, dict) or not tree:
        return {prefix.removesuffix(".")}
    return set[str]().union(*(keys_of(value, f"{prefix}{key}.") for key, value in tree.items()))


def test_every_value_is_documented_in_the_schema_and_the_other_way() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    def check(tree: Manifest, schema: Manifest) -> None:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if "properties" not in schema:
            return
        optional = {"global", "successThreshold", "initialDelaySeconds", "cpu", "ephemeral-storage"}
        assert set(tree) <= set(schema["properties"]) <= set(tree) | optional
        for key, value in tree.items():
            if isinstance(value, dict):
                check(value, schema["properties"][key])

    check(values, SCHEMA)
    text = (CHART / "values.yaml").read_text()
    example = yaml.safe_load(
        "\n".join(line[2:] for line in text.partition("\nworkers: []\n")[2].splitlines())
    )
    worker = SCHEMA["properties"]["workers"]["items"]["properties"]
    assert set(example[0]) == set(worker)
    assert set(example[0]["scaling"]) == set(worker["scaling"]["properties"])


def test_the_server_knows_each_key_of_its_configuration(helm: Helm) -> None:
    known = set(yaml.safe_load(run([str(PERDURE), "config"])))
    for values in FILES:
        config = yaml.safe_load(only_config(helm.render(values)))
        config.pop("search_attributes", None)
        assert keys_of(config) <= known


def only_config(manifests: list[Manifest]) -> str:
    (text,) = [
        m["data"]["perdure.yaml"] for m in of_kind(manifests, "ConfigMap") if "perdure.yaml" in m["data"]
    ]
    return str(text)


def test_alerts_and_dashboard_are_those_of_the_files(helm: Helm) -> None:
    manifests = helm.render([CHART.parent / "values/monitoring.yaml"])
    rule = only(manifests, "PrometheusRule")
    groups = yaml.safe_load(promtool.RULES.read_text())["groups"]
    base = "https://git.example/perdure/"
    for group in groups:
        for alert in group["rules"]:
            if "annotations" in alert:
                alert["annotations"]["runbook_url"] = base + alert["annotations"]["runbook_url"]
    assert rule["spec"]["groups"] == groups
    (dashboard,) = [m for m in of_kind(manifests, "ConfigMap") if "perdure.json" in m["data"]]
    assert json.loads(dashboard["data"]["perdure.json"]) == json.loads(
        (REPOSITORY / "deploy/grafana/perdure.json").read_text()
    )


@each_values
def test_what_selects_finds_what_it_selects(helm: Helm, values: list[Path]) -> None:
    manifests = helm.render(values, "r")
    pod = only(manifests, "StatefulSet")["spec"]["template"]
    labels = pod["metadata"]["labels"].items()
    ports = {port["name"] for port in pod["spec"]["containers"][0]["ports"]}
    selectors = [m["spec"]["selector"] for m in of_kind(manifests, "Service")]
    selectors += [m["spec"]["selector"]["matchLabels"] for m in of_kind(manifests, "PodDisruptionBudget")]
    selectors += [m["spec"]["podSelector"]["matchLabels"] for m in of_kind(manifests, "NetworkPolicy")]
    selectors += [c["labelSelector"]["matchLabels"] for c in pod["spec"].get("topologySpreadConstraints", [])]
    selectors.append(only(manifests, "StatefulSet")["spec"]["selector"]["matchLabels"])
    assert all(selector.items() <= labels for selector in selectors)
    for service in of_kind(manifests, "Service"):
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    headless = only(manifests, "StatefulSet")["spec"]["serviceName"]
    (service,) = [m for m in of_kind(manifests, "Service") if m["metadata"]["name"] == headless]
    assert service["spec"]["clusterIP"] == "None"
    for monitor in of_kind(manifests, "ServiceMonitor"):
        assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    # No worker is taken for a server.
    for worker in of_kind(manifests, "Deployment"):
        assert not selectors[0].items() <= worker["spec"]["template"]["metadata"]["labels"].items()


def test_the_network_policy_names_who_may_come_to_which_port(helm: Helm, tmp_path: Path) -> None:
    client = {"namespaceSelector": {"matchLabels": {"team": "orders"}}}
    prometheus = {"podSelector": {"matchLabels": {"app": "prometheus"}}}
    policy = {"clients": [client], "monitoring": [prometheus], "nodes": ["10.0.0.0/16"]}
    database = {"port": 6432, "cidrs": ["10.1.0.0/24"]}
    values = {"networkPolicy": policy | {"database": database}}
    rendered = only(helm.render_with(values, tmp_path), "NetworkPolicy")["spec"]
    labels = {"app.kubernetes.io/name": "perdure", "app.kubernetes.io/instance": "perdure"}
    own = {"podSelector": {"matchLabels": labels}}
    assert rendered["policyTypes"] == ["Ingress", "Egress"]
    assert {rule["ports"][0]["port"]: rule["from"] for rule in rendered["ingress"]} == {
        "grpc": [own, client],
        "metrics": [prometheus],
        "health": [{"ipBlock": {"cidr": "10.0.0.0/16"}}],
    }
    assert {rule["ports"][0]["port"]: rule.get("to") for rule in rendered["egress"]} == {
        53: None,
        6432: [{"ipBlock": {"cidr": "10.1.0.0/24"}}],
    }


@each_values
def test_pods_may_do_nothing_they_need_not(helm: Helm, values: list[Path]) -> None:
    manifests = helm.render(values)
    for owner in of_kind(manifests, "StatefulSet") + of_kind(manifests, "Deployment"):
        pod = owner["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"] + pod.get("initContainers", []):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] and security["runAsNonRoot"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}


@each_values
def test_the_grace_covers_prestop_and_drain(helm: Helm, values: list[Path]) -> None:
    manifests = helm.render(values)
    pod = only(manifests, "StatefulSet")["spec"]["template"]["spec"]
    _, seconds = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    drain = yaml.safe_load(only_config(manifests))["drain"]["grace"].removesuffix("s")
    # What the drain itself may take beyond its grace: see Node::Drain.
    assert pod["terminationGracePeriodSeconds"] >= int(seconds) + int(drain) + 7


@each_values
def test_workers_and_their_scaling_belong_together(helm: Helm, values: list[Path]) -> None:
    manifests = helm.render(values)
    workers = {m["metadata"]["name"]: m for m in of_kind(manifests, "Deployment")}
    for scaled in of_kind(manifests, "ScaledObject"):
        worker = workers[scaled["spec"]["scaleTargetRef"]["name"]]
        assert "replicas" not in worker["spec"]
        environment = {
            e["name"]: e["value"] for e in worker["spec"]["template"]["spec"]["containers"][0]["env"]
        }
        (trigger,) = scaled["spec"]["triggers"]
        assert trigger["type"] == "temporal"
        assert trigger["metadata"]["endpoint"] == environment["TEMPORAL_ADDRESS"]
        assert trigger["metadata"]["namespace"] == environment["TEMPORAL_NAMESPACE"]
        assert trigger["metadata"]["taskQueue"] == environment["TEMPORAL_TASK_QUEUE"]
