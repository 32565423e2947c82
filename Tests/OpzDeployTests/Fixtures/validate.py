"""Validates every document of a YAML stream, strictly: Kubernetes' own kinds with PyPI's kubernetes-validate, custom resources with the
schemas beside this file, which are written from their published API references.

usage: validate.py VERSION... <STREAM
       validate.py --each VERSION <STREAM

Prints `KIND VERSION` for each document and version that passes; an exit code of 1 and the reason for the first that does not. With --each it
goes on, and prints `KIND VERSION PLACE: REASON` for each that does not pass.
"""

import json
import pathlib
import sys

import jsonschema
import yaml

SCHEMAS = pathlib.Path(__file__).parent / "schemas"


def custom(document):
    """The validator of a custom resource; None for a kind of Kubernetes' own."""
    group, _, version = document["apiVersion"].rpartition("/")
    path = SCHEMAS / f"{document['kind'].lower()}.{group}.{version}.json"
    if not path.exists():
        return None
    schema = json.loads(path.read_text())
    schema.setdefault("$defs", {}).update(json.loads((SCHEMAS / "shared.json").read_text())["$defs"])
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def refusal(document, version):
    """The reason, or None for a document that passes."""
    validator = custom(document)
    if validator is not None:
        errors = [next(validator.iter_errors(document), None)]
    else:
        # It takes a second to load.
        import kubernetes_validate

        shipped = {kubernetes_validate.utils.major_minor(v) for v in kubernetes_validate.utils.all_versions()}
        if version not in shipped:
            sys.exit(f"kubernetes-validate has no schemas of {version}, only of {sorted(shipped)}")
        errors = []
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
            errors = [error]
    for error in filter(None, errors):
        place = ".".join(str(part) for part in getattr(error, "path", []))
        return f"{document.get('kind')} {version} {place}: {error.message}"


def main():
    each = sys.argv[1] == "--each"
    versions = sys.argv[2:] if each else sys.argv[1:]
    for document in yaml.safe_load_all(sys.stdin.buffer):
        for version in versions:
            reason = refusal(document, version)
            if reason and not each:
                sys.exit(reason)
            print(reason.replace("\n", " ") if reason else f"{document['kind']} {version}")


if __name__ == "__main__":
    main()
