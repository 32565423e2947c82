"""Breaks each custom resource of a YAML stream in every place, one at a time, and asks its schema.

usage: mutants.py <STREAM

A key with a letter too many, a key whose first letter has the other case, a value of another type: of none may the schema say that it is
valid, except for keys that users choose (labels, annotations, node selectors). Prints `KIND NUMBER` of refused mutants; an exit code of 1 and
the first mutant that survives, or that is refused without being changed.
"""

import copy
import sys

import yaml
from validate import custom

# Their keys are anybody's; what they hold must still be text.
FREE = {"labels", "annotations", "matchLabels", "nodeSelector"}
# Keys below them that a controller reads: a misspelt one does nothing.
KNOWN = ("autoscaling.knative.dev/", "serving.knative.dev/", "serving.kserve.io/")


def places(value, path=()):
    """Each mapping's member and each list's item below a value, with the path to it."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield path + (key,), member
        yield from places(member, path + (key,))


def parent(document, path):
    for key in path[:-1]:
        document = document[key]
    return document


def renamed(document, path, name):
    """The order of members stays, so that a mutant differs in the key alone."""
    mutant = copy.deepcopy(document)
    mapping = parent(mutant, path)
    members = [(name if key == path[-1] else key, value) for key, value in mapping.items()]
    mapping.clear()
    mapping.update(members)
    return mutant


def retyped(document, path, value):
    mutant = copy.deepcopy(document)
    parent(mutant, path)[path[-1]] = value
    return mutant


def other_types(value):
    if isinstance(value, bool):
        return ["maybe", 1, []]
    if isinstance(value, int):
        return ["many", 1.5, -1, [value], {}]
    if isinstance(value, str):
        return [True, 1.5, [value], {}]
    return ["text", 7, [] if isinstance(value, dict) else {}]


def mutants(document):
    for path, value in places(document):
        key = path[-1]
        if isinstance(key, str):
            free = len(path) > 1 and path[-2] in FREE
            if not free or key.startswith(KNOWN):
                yield renamed(document, path, key + "x"), f"{path}: {key}x"
            if not free:
                yield renamed(document, path, key[0].swapcase() + key[1:]), f"{path}: the other case"
        for wrong in other_types(value):
            yield retyped(document, path, wrong), f"{path}: {wrong!r} for {value!r}"


def main():
    for document in yaml.safe_load_all(sys.stdin.buffer):
        validator = custom(document)
        if validator is None:
            continue
        for error in validator.iter_errors(document):
            sys.exit(f"{document['kind']} is refused as it is: {error.message}")
        count = 0
        for mutant, about in mutants(document):
            if validator.is_valid(mutant):
                sys.exit(f"{document['kind']} passes, broken: {about}")
            count += 1
        print(document["kind"], count)


main()
