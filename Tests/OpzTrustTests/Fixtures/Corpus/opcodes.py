"""Pickles written opcode by opcode. Nothing here imports what it names."""

import struct

NOTHING = "opz-corpus-no-such-program"


def unicode(value):
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def binunicode(value):
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def name(module, attribute):
    """GLOBAL."""
    return f"c{module}\n{attribute}\n".encode()


def stack_name(module, attribute):
    """STACK_GLOBAL."""
    return unicode(module) + unicode(attribute) + b"\x93"


def call(module, attribute, argument=NOTHING, protocol=4):
    """A pickle that calls something with one text."""
    if protocol < 2:
        return name(module, attribute) + f"(V{argument}\ntR.".encode()
    if protocol < 4:
        return b"\x80" + bytes([protocol]) + name(module, attribute) + binunicode(argument) + b"\x85R."
    return b"\x80" + bytes([protocol]) + stack_name(module, attribute) + unicode(argument) + b"\x85R."


EVIL = call("os", "system")
# The same without PROTO, as it stands inside of another pickle: what it gives is popped.
INNER = name("os", "system") + binunicode(NOTHING) + b"\x85R0"
TEXT = call("os", "system", protocol=0)


def number(value):
    return b"J" + struct.pack("<i", value)


def dtype(code, state=None):
    """A dtype as NumPy pickles it."""
    state = state or (b"(K\x03" + binunicode("<" if code[0] in "ifcU" else "|") + b"NNN" + number(-1) + number(-1) + b"K\x00t")
    return name("numpy", "dtype") + binunicode(code) + b"\x89\x88\x87R" + state + b"b"


def wrapper_state(fields):
    return b"}(" + b"".join(binunicode(key) + value for key, value in fields) + b"u"


def wrapper_fields(code, shape, dtype_bytes=None):
    size = b"(" + b"".join(number(length) for length in shape) + b"t"
    return [
        ("subclass", name("numpy", "ndarray")), ("shape", size), ("order", binunicode("C")),
        ("dtype", dtype_bytes or dtype(code)), ("allow_mmap", b"\x89"), ("numpy_array_alignment_bytes", b"N"),
    ]


WRAPPER = name("joblib.numpy_pickle", "NumpyArrayWrapper")


def joblib_array(code, shape, data, dtype_bytes=None):
    """An array in joblib's stream: the wrapper, then its bytes."""
    return WRAPPER + b")\x81" + wrapper_state(wrapper_fields(code, shape, dtype_bytes)) + b"b" + data


def npy(header, data, version=(1, 0)):
    raw = header.encode("latin-1" if version[0] < 3 else "utf-8")
    length = struct.pack("<H" if version[0] == 1 else "<I", len(raw))
    return b"\x93NUMPY" + bytes(version) + length + raw + data
