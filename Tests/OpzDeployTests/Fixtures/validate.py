"""Validates every document of a YAML stream with PyPI's kubernetes-validate, strictly.

usage: validate.py VERSION... <STREAM

Prints `KIND VERSION` for each document and version that passes; an exit code of 1 and the reason for the first that does not.
"""

import sys

import kubernetes_validate
import yaml


def main():
    versions = sys.argv[1:]
    shipped = {kubernetes_validate.utils.major_minor(v) for v in kubernetes_validate.utils.all_versions()}
    missing = [v for v in versions if v not in shipped]
    if missing:
        sys.exit(f"kubernetes-validate has no schemas of {missing}, only of {sorted(shipped)}")
    for document in yaml.safe_load_all(sys.stdin.buffer):
        for version in versions:
            try:
                used = kubernetes_validate.validate(document, version, strict=True)
            except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
                place = ".".join(str(part) for part in getattr(error, "path", []))
                sys.exit(f"{document.get('kind')} {version} {place}: {error.message}")
            print(document["kind"], used)


main()
