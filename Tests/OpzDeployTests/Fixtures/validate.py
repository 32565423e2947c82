"""Validates every document of a YAML stream, strictly: Kubernetes' own kinds with PyPI's kubernetes-validate, custom resources with the
schemas beside this file, which are written from their published API references.

usage: validate.py VERSION... <STREAM

Prints `KIND VERSION` for each document and version that passes; an exit code of 1 and the reason for the first that does not.
"""

import json
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

SCHEMAS = pathlib.Path(__file__).parent / "schemas"


def custom(document):
    """The schema of a custom resource; None for a kind of Kubernetes' own."""
    group, _, version = document["apiVersion"].rpartition("/")
    path = SCHEMAS / f"{document['kind'].lower()}.{group}.{version}.json"
    if not path.exists():
        return None
    schema = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    pod = json.loads((SCHEMAS / "pod.json").read_text())
    schema.setdefault("$defs", {}).update(pod["$defs"])
    return jsonschema.Draft202012Validator(schema)


def main():
    versions = sys.argv[1:]
    shipped = {kubernetes_validate.utils.major_minor(v) for v in kubernetes_validate.utils.all_versions()}
    missing = [v for v in versions if v not in shipped]
    if missing:
        sys.exit(f"kubernetes-validate has no schemas of {missing}, only of {sorted(shipped)}")
    for document in yaml.safe_load_all(sys.stdin.buffer):
        validator = custom(document)
        for version in versions:
            try:
                if validator:
                    validator.validate(document)
                    used = version
                else:
                    used = kubernetes_validate.validate(document, version, strict=True)
            except (
                kubernetes_validate.ValidationError,
                kubernetes_validate.SchemaNotFoundError,
                jsonschema.ValidationError,
            ) as error:
                place = ".".join(str(part) for part in getattr(error, "path", []))
                sys.exit(f"{document.get('kind')} {version} {place}: {error.message}")
            print(document["kind"], used)


main()
