"""Validates documents with a JSON Schema: validate.py [--closed] SCHEMA DOCUMENT..

--closed: members that the schema does not name are wrong, and values other than its examples. So is what this opz writes; a later one may write more.
"""

import json
import sys

import jsonschema


def close(schema):
    if isinstance(schema, list):
        return [close(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: close(value) for key, value in schema.items()}
    if "properties" in schema:
        closed.setdefault("additionalProperties", False)
    if isinstance(schema.get("examples"), list):
        closed["enum"] = schema["examples"]
    return closed


arguments = sys.argv[1:]
is_closed = arguments[0] == "--closed"
arguments = arguments[1:] if is_closed else arguments
schema = json.load(open(arguments[0]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(close(schema) if is_closed else schema)
wrong = 0
for path in arguments[1:]:
    for error in validator.iter_errors(json.load(open(path))):
        print(f"{path}: {error.json_path}: {error.message}")
        wrong += 1
sys.exit(1 if wrong else 0)
