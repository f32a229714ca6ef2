"""python crds.py FILE: checks objects of Prometheus' operator and KEDA, a YAML document each.

By models made from their CRDs. Run in an environment of its own (requirements.txt beside it): its packages
bring a plugin that pytest does not start with.
"""

import sys
from typing import Any

import yaml
from cloudcoil.models.keda import v1alpha1
from cloudcoil.models.prometheus_operator import v1

MODELS = {
    "ServiceMonitor": v1.ServiceMonitor,
    "PrometheusRule": v1.PrometheusRule,
    "ScaledObject": v1alpha1.ScaledObject,
    "TriggerAuthentication": v1alpha1.TriggerAuthentication,
}


def unknown(given: Any, understood: Any, path: str) -> list[str]:
    """What was given and is not in the model."""
    if isinstance(given, dict) and isinstance(understood, dict):
        missing = [f"{path}.{key}" for key in given if key not in understood]
        known = [
            unknown(value, understood[key], f"{path}.{key}")
            for key, value in given.items()
            if key in understood
        ]
        return missing + [name for names in known for name in names]
    if isinstance(given, list) and isinstance(understood, list):
        items = [
            unknown(g, u, f"{path}[{i}]") for i, (g, u) in enumerate(zip(given, understood, strict=True))
        ]
        return [name for names in items for name in names]
    return []


def main(file: str) -> int:
    failed = 0
    with open(file) as documents:
        for manifest in yaml.safe_load_all(documents):
            model = MODELS[manifest["kind"]].model_validate(manifest)
            understood = model.model_dump(mode="json", by_alias=True, exclude_none=True)
            for name in unknown(manifest, understood, manifest["kind"]):
                print(f"unknown: {name}")
                failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
