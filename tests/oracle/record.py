"""Records the references from the real server, run in tests/:

python -m oracle.record               all scenarios, on a dev server of the real kind that it starts
python -m oracle.record 'timers/*'    some of them
python -m oracle.record --check       record nothing, say where the real server differs from the references
"""

import argparse
import contextlib
import sys
import traceback
from fnmatch import fnmatch

from . import compare, servers
from .registry import REFERENCES, Scenario, all_scenarios
from .runner import run_all


def main() -> int:
    args = _arguments()
    chosen = [
        s for s in all_scenarios() if not args.scenario or any(fnmatch(s.name, g) for g in args.scenario)
    ]
    bad = 0
    for switched_on in sorted({scenario.switched_on for scenario in chosen}):
        together = [scenario for scenario in chosen if scenario.switched_on == switched_on]
        server = (
            contextlib.nullcontext(args.address) if args.address else servers.dev_server("real", switched_on)
        )
        with server as address:
            bad += _run(together, address, _check if args.check else _write)
    if not args.scenario and not args.check:
        _remove_stale(chosen)
    print(f"{len(chosen)} scenarios, {bad} with trouble")
    return 1 if bad else 0


def _run(scenarios: list[Scenario], address: str, judge) -> int:
    """How many went wrong; `judge` looks at each transcript."""
    futures = run_all(scenarios, address)
    bad = 0
    for scenario in scenarios:
        try:
            steps = futures[scenario.name].result()
        except Exception:
            bad += 1
            print(f"{scenario.name}: BROKEN\n{traceback.format_exc()}")
            continue
        bad += judge(scenario, steps)
    return bad


def _arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", nargs="*", help="globs over <topic>/<scenario>")
    parser.add_argument("--address", help="a running server instead of one of our own")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    return parser.parse_args()


def _write(scenario: Scenario, steps: list) -> int:
    scenario.reference.parent.mkdir(parents=True, exist_ok=True)
    text = compare.to_text({"scenario": scenario.says, "steps": steps}) + "\n"
    before = scenario.reference.read_text() if scenario.reference.exists() else None
    if text != before:
        scenario.reference.write_text(text)
        print(f"{scenario.name}: {'recorded' if before is None else 'CHANGED'}")
    return 0


def _check(scenario: Scenario, steps: list) -> int:
    reference = scenario.expected_steps()
    found = list(compare.mismatches(reference, steps))
    if found:
        print(f"{scenario.name}: {compare.report(reference, steps, found)}\n")
    return 1 if found else 0


def _remove_stale(scenarios: list[Scenario]):
    known = {scenario.reference for scenario in scenarios}
    for path in REFERENCES.rglob("*.json"):
        if path not in known:
            path.unlink()
            print(f"{path.relative_to(REFERENCES)}: removed")


if __name__ == "__main__":
    sys.exit(main())
