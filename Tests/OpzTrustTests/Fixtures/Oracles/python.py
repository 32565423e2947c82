"""What Python and NumPy make of texts, which are read from standard input, a line of hex each.

    int        the number that int() reads by ten, or `no`
    literal    the value that ast.literal_eval reads, in a form without choices, or `no`
    dtype      whether NumPy's reader of headers finds objects in such elements, and how many bytes one has, or `no`
"""
import ast
import sys
import warnings

warnings.simplefilter("ignore")


def shown(value):
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return f"i{value}" if -(1 << 63) < value < 1 << 63 else "n"
    if isinstance(value, (float, complex)):
        return "n"
    if isinstance(value, str):
        return "s" + value.encode("utf-8", "surrogatepass").hex()
    if isinstance(value, bytes):
        return "b" + value.hex()
    if isinstance(value, (tuple, list)):
        return ("(" if isinstance(value, tuple) else "[") + ",".join(map(shown, value)) + ")"
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{shown(k)}:{shown(v)}" for k, v in value.items())) + "}"
    return "?"


def whole(raw):
    return str(int(raw))


def literal(raw):
    return shown(ast.literal_eval(raw.decode()))


def dtype(raw):
    import numpy

    found = numpy.lib.format.descr_to_dtype(ast.literal_eval(raw.decode()))
    return f"{int(found.hasobject)} {found.itemsize}"


read = {"int": whole, "literal": literal, "dtype": dtype}[sys.argv[1]]
for line in sys.stdin:
    try:
        print(read(bytes.fromhex(line.strip())))
    except BaseException:
        print("no")
