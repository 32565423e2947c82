"""Writers of the formats that hold models, by hand: nothing that is malicious is made by a library that could load it."""

import io
import struct
import zipfile


def archive(members, stored=True):
    """A zip file; members: pairs of a name and bytes or text."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


# Protocol Buffers: a field is a number and bytes, text, a whole number, or a list of fields.
def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def message(*fields):
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


# GGUF.
def gguf_text(text, size="<Q"):
    data = text.encode()
    return struct.pack(size, len(data)) + data


def gguf(pairs, version=3):
    size = "<I" if version == 1 else "<Q"
    out = b"GGUF" + struct.pack("<I", version) + struct.pack(size, 0) + struct.pack(size, len(pairs))
    for key, value in pairs:
        out += gguf_text(key, size)
        if isinstance(value, str):
            out += struct.pack("<I", 8) + gguf_text(value, size)
        elif isinstance(value, int):
            out += struct.pack("<II", 4, value)
        elif isinstance(value, float):
            out += struct.pack("<If", 6, value)
        else:
            out += struct.pack("<II", 9, 8) + struct.pack(size, len(value)) + b"".join(gguf_text(item, size) for item in value)
    return out


# safetensors.
def safetensors(header, data):
    return struct.pack("<Q", len(header)) + header + data


# R's serialization: values are functions of a writer.
class R:
    NULL = ("special", 254)
    GLOBAL = ("special", 253)
    UNBOUND = ("special", 252)
    MISSING = ("special", 251)
    BASE = ("special", 241)
    EMPTY = ("special", 242)

    def __init__(self, version=3, encoding="X"):
        self.encoding, self.out = encoding, []
        self.out.append({"X": b"X\n", "B": b"B\n", "A": b"A\n"}[encoding])
        for number in (version, 0x040202, 0x030500 if version == 3 else 0x020300):
            self.int(number)
        if version == 3:
            self.int(5)
            self.raw(b"UTF-8")

    def int(self, value):
        if self.encoding == "A":
            self.out.append(f"{value}\n".encode())
        else:
            self.out.append(struct.pack(">i" if self.encoding == "X" else "<i", value))

    def raw(self, data):
        self.out.append(data + b"\n" if self.encoding == "A" else data)

    def item(self, value, flags=0):
        kind, *rest = value
        if kind == "special":
            self.int(rest[0] | flags)
        elif kind == "symbol":
            self.int(1)
            self.char(rest[0])
        elif kind == "strings":
            self.int(16 | (0x300 if len(rest) > 1 else 0))
            self.int(len(rest[0]))
            for text in rest[0]:
                self.char(text)
            if len(rest) > 1:
                self.item(rest[1])
        elif kind == "real":
            self.int(14)
            self.int(1)
            self.raw(b"1" if self.encoding == "A" else struct.pack(">d" if self.encoding == "X" else "<d", 1.0))
        elif kind == "vector":
            self.int((20 if rest[1:] == ["expression"] else 19) | flags)
            self.int(len(rest[0]))
            for item in rest[0]:
                self.item(item)
        elif kind in ("pairs", "call"):
            # Of names and values; the names may be None.
            head = True
            for name, item, *levels in rest[0]:
                self.int((6 if kind == "call" and head else 2) | (0x400 if name else 0) | (levels[0] if levels else 0) << 12)
                head = False
                if name:
                    self.item(("symbol", name))
                self.item(item)
            self.int(254)
        elif kind == "closure":
            arguments, body, environment = rest
            self.int(3 | 0x400)
            self.item(environment)
            self.item(arguments)
            self.item(body)
        elif kind == "promise":
            held, expression, environment = rest
            self.int(5 | (0x400 if environment else 0))
            if environment:
                self.item(environment)
            self.item(held)
            self.item(expression)
        elif kind == "environment":
            around, frame = rest
            self.int(4)
            self.int(0)
            self.item(around)
            self.item(frame)
            self.item(R.NULL)
            self.item(R.NULL)
        elif kind == "pointer":
            self.int(22)
            self.item(R.NULL)
            self.item(R.NULL)
        elif kind == "weak":
            self.int(23)
        elif kind == "s4":
            self.int(25 | 0x100 | 0x200)
            self.item(("pairs", [("class", ("strings", [rest[0]]))]))
        elif kind == "with":
            # A vector with attributes.
            self.int(19 | 0x300)
            self.int(len(rest[0]))
            for item in rest[0]:
                self.item(item)
            self.item(("pairs", rest[1]))
        elif kind == "alternative":
            self.int(238)
            self.item(("pairs", [(None, ("symbol", rest[0])), (None, ("symbol", rest[1])), (None, ("real",))]))
            self.item(R.NULL)
            self.item(R.NULL)
        elif kind == "persistent":
            self.int(247)
            self.int(0)
            self.int(1)
            self.char(rest[0])
        elif kind == "namespace":
            self.int(249)
            self.int(0)
            self.int(1)
            self.char(rest[0])
        elif kind == "bytecode":
            # Instructions, then constants.
            self.int(21)
            self.int(1)
            self.int(13)
            self.int(1)
            self.int(10)
            self.int(len(rest[0]))
            for item in rest[0]:
                self.int({"call": 6, "symbol": 1, "strings": 16}[item[0]])
                if item[0] == "call":
                    self.compiled(item[1])
                else:
                    self.item(item)
        elif kind == "builtin":
            self.int(8)
            self.int(len(rest[0]))
            self.raw(rest[0].encode())
        else:
            raise ValueError(kind)

    def compiled(self, cells):
        """A call among the constants of compiled code: its type was written."""
        for index, (_, item) in enumerate(cells):
            if index:
                self.int(2)
            self.item(R.NULL)
            self.int({"symbol": 1, "strings": 16}[item[0]])
            self.item(item)
        self.int(254)
        self.int(254)

    def char(self, text):
        data = text.encode()
        self.int(9 | 0x40 << 12)
        self.int(len(data))
        self.raw(data)

    def bytes(self):
        return b"".join(self.out)


def rds(value, **options):
    writer = R(**options)
    writer.item(value)
    return writer.bytes()


def r_call(name, *arguments):
    return ("call", [(None, ("symbol", name) if isinstance(name, str) else name), *((None, argument) for argument in arguments)])


def r_function(body, environment=R.GLOBAL, arguments=R.NULL):
    return ("closure", arguments, body, environment)
