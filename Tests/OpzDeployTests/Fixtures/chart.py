"""Renders a chart with Helm's own engine (PyPI's helm-python-sdk has the Go library), after its schema and its linter had their say.

usage: chart.py DIR [VALUES-AS-JSON]

Prints the objects as a YAML stream; an exit code of 1 and the reason where Helm refuses.
"""

import json
import sys

import helm_python as helm


def main():
    directory = sys.argv[1]
    values = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    report = helm.lint(directory, values, strict=True, skip_schema_validation=True)
    # The icon is wanted by a hint, which is no fault.
    faults = [m for m in report["messages"] if m["severity"] >= 2]
    if faults:
        sys.exit(f"helm lint: {faults}")
    with helm.Chart.load(directory) as chart:
        try:
            chart.validate_schema(values)
            rendered = chart.render(values, name="release")
        except Exception as error:
            sys.exit(f"{type(error).__name__}: {error}")
    for name in sorted(rendered):
        if name.endswith(".yaml") and rendered[name].strip():
            print("---\n" + rendered[name])


main()
