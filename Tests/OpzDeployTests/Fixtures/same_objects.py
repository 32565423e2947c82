"""Compares two YAML streams of Kubernetes objects, whatever their order, comments and quotes.

usage: same_objects.py ONE TWO [unordered]

`unordered`: lists of named things may be in another order; kubectl and kustomize put new ones in different places.

Prints the kinds, sorted; an exit code of 1 and the difference where the objects are not the same.
"""

import json
import sys

import yaml


def objects(path):
    found = {}
    with open(path, "rb") as file:
        for document in yaml.safe_load_all(file):
            metadata = document["metadata"]
            key = (document["kind"], metadata.get("namespace", ""), metadata["name"])
            if key in found:
                sys.exit(f"{path}: {key} is there twice")
            found[key] = document
    return found


def unordered(value):
    if isinstance(value, dict):
        return {key: unordered(member) for key, member in value.items()}
    if isinstance(value, list):
        items = [unordered(item) for item in value]
        if all(isinstance(item, dict) for item in items):
            return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
        return items
    return value


def main():
    one, two = objects(sys.argv[1]), objects(sys.argv[2])
    if sys.argv[3:] == ["unordered"]:
        one, two = unordered(one), unordered(two)
    if one.keys() != two.keys():
        sys.exit(f"not the same objects: {sorted(one.keys() ^ two.keys())}")
    for key in one:
        if one[key] != two[key]:
            sys.exit(f"{key} differs:\n{one[key]}\n{two[key]}")
    print(" ".join(sorted(kind for kind, _, _ in one)))


main()
