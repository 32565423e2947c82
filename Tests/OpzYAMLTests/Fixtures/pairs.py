"""Reads what YAMLWriterTests writes, a list of `{KEY: [VALUE]}`, and prints each as `HEX HEX` of UTF-8, to compare bytes.

usage: pairs.py <DOCUMENT
"""

import sys

import yaml


def hexadecimal(value):
    return value.encode().hex() if isinstance(value, str) else f"<{type(value).__name__} {value!r}>"


for item in yaml.safe_load(sys.stdin.buffer):
    ((key, values),) = item.items()
    print(hexadecimal(key), " ".join(hexadecimal(value) for value in values))
