"""Pickles in other files: compressed, in archives, in arrays, and files that are two things at once."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

from opcodes import (
    EVIL, INNER, NOTHING, TEXT, WRAPPER, binunicode, dtype, joblib_array, name, npy, number, unicode, wrapper_fields, wrapper_state,
)


def zipped(members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for path, data in members:
            archive.writestr(zipfile.ZipInfo(path), data, compress_type=method)
    return buffer.getvalue()


def tarred(members, mode="w", format=tarfile.USTAR_FORMAT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=format) as archive:
        for path, data in members:
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def gz(data):
    return gzip.compress(data, mtime=0)


def stored_lz4(data):
    """A frame of one block that is not compressed."""
    return b"\x04\x22\x4d\x18\x60\x40\x82" + struct.pack("<I", len(data) | 0x80000000) + data + b"\0\0\0\0"


def stored_zstd(data):
    """A frame of one raw block (RFC 8878)."""
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data)) + struct.pack("<I", len(data) << 3 | 1)[:3] + data


def skippable(data):
    return b"\x50\x2a\x4d\x18" + struct.pack("<I", 4) + b"opz!" + data


PACKED = {
    "gzip": gz,
    "zlib": zlib.compress,
    "zlib 1": lambda data: zlib.compress(data, 1),
    "zlib 9": lambda data: zlib.compress(data, 9),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "lz4": stored_lz4,
    "zstd": stored_zstd,
    "zstd behind a frame to be skipped": lambda data: skippable(stored_zstd(data)),
    "lz4 behind a frame to be skipped": lambda data: skippable(stored_lz4(data)),
    "joblib's old format, another length": lambda data: b"ZF" + b"+1_F".ljust(19) + b" " + zlib.compress(data),
    "joblib's old format": lambda data: b"ZF" + hex(len(data)).encode().ljust(19) + zlib.compress(data),
}


def compressed(corpus):
    add = lambda technique, data, file="model.pkl": corpus.malicious(file, technique, data)
    names = ["model.joblib", "model.sav", "weights.bin", "model.pkl.gz", "data"]
    for index, (kind, pack) in enumerate(PACKED.items()):
        for file in (names[index % 5], names[(index + 2) % 5]):
            add(f"compressed: {kind}", pack(EVIL), file)
        add(f"compressed: {kind}, protocol 0", pack(TEXT), "encoder.sav")
    add("gzip in gzip", gz(gz(EVIL)), "model.sav")
    add("gzip in bzip2 in xz", lzma.compress(bz2.compress(gz(EVIL))), "model.dat")
    add("gzip's second member", gz(b"\x80\x04N.") + gz(EVIL), "model.sav")
    add("gzip's second member in the middle of a pickle", gz(EVIL[:9]) + gz(EVIL[9:]), "model.sav")
    add("gzip cut short behind the call", gz(EVIL + bytes(range(256)) * 64)[:-20], "model.sav")
    add("gzip with a wrong checksum", gz(EVIL)[:-8] + b"\0\0\0\0" + gz(EVIL)[-4:], "model.sav")
    add("gzip with bytes behind", gz(EVIL) + b"opz", "model.sav")
    add("zlib cut short behind the call", zlib.compress(EVIL + bytes(range(256)) * 64)[:-20], "model.sav")
    add("zlib with bytes behind", zlib.compress(EVIL) + b"opz", "model.sav")
    add("zlib with a small window", (lambda c: c.compress(EVIL) + c.flush())(zlib.compressobj(9, zlib.DEFLATED, 9)), "model.sav")
    add("xz's second stream", lzma.compress(b"\x80\x04N.") + lzma.compress(EVIL), "model.sav")
    add("bzip2's second stream", bz2.compress(b"\x80\x04N.") + bz2.compress(EVIL), "model.sav")
    add("lzma with other properties", lzma.compress(EVIL, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "lc": 1, "lp": 1, "pb": 1}]), "model.lzma")
    add("a bomb that is unpacked by load()", gz(b"\x80\x04" + b"]0" * 10_000_000 + EVIL[2:]), "model.sav")


def archives(corpus):
    add = lambda technique, data, file: corpus.malicious(file, technique, data)
    torch = [("archive/data.pkl", EVIL), ("archive/version", b"3\n"), ("archive/data/0", b"\0" * 16)]
    whole = zipped(torch, zipfile.ZIP_STORED)
    add("torch's zip", whole, "model.pt")
    add("torch's zip", whole, "model.ckpt")
    add("torch's zip under another name", whole, "pytorch_model.bin")
    add("torch's zip, deflated", zipped(torch), "model.pt")
    add("torch's zip, the pickle under another name", zipped([("archive/x.dat", EVIL), *torch[1:]]), "model.pt")
    add("a zip of zips", zipped([("inner.zip", zipped([("more.bin", zipped(torch))]))]), "bundle.zip")
    add("a pickle of protocol 0 in a zip", zipped([("notes.txt", TEXT)]), "bundle.zip")
    add("a compressed pickle in a zip", zipped([("model.sav", zlib.compress(EVIL))]), "bundle.zip")
    add("a zip with bytes before it", b"#!/bin/sh\n" + whole, "model.pt")
    add("a zip with a pickle before it", b"\x80\x04N." + whole, "model.pt")
    add("a zip with bytes behind it", whole + b"opz" * 10, "model.pt")
    add("a zip with bytes before and behind it", b"opz" * 10 + whole + b"opz" * 10, "weights.bin")
    add("a zip with a comment", whole[:-2] + struct.pack("<H", 5) + b"hello", "model.pt")
    harmless = zipped([("archive/data.pkl", b"\x80\x04N.")], zipfile.ZIP_STORED)
    add("two zips one after the other, the first harmless", harmless + whole, "model.pt")
    add("two zips one after the other, the second harmless", whole + harmless, "model.pt")
    add("a wrong CRC-32", whole.replace(EVIL, EVIL[:-2] + b"0.", 1), "model.pt")
    add("a local header with another name", whole.replace(b"archive/data.pkl", b"archive/data.txt", 1), "model.pt")
    add("flags of encryption on a member that is not", (lambda raw: raw[:6] + b"\x01" + raw[7:])(whole), "model.pt")
    central = whole.index(b"PK\x01\x02")
    add("a directory that says encrypted", whole[: central + 8] + b"\x01" + whole[central + 9 :], "model.pt")
    add("a member that comes twice", zipped([("archive/data.pkl", b"\x80\x04N."), ("archive/data.pkl", EVIL)]), "model.pt")
    add("a member compressed by bzip2", zipped(torch, zipfile.ZIP_BZIP2), "model.pt")
    add("a member compressed by LZMA", zipped(torch, zipfile.ZIP_LZMA), "model.pt")
    add("a zip that begins with the mark of a split one", b"PK\x07\x08" + whole, "model.pt")
    members = [("nemo/model_weights.ckpt", EVIL), ("nemo/model_config.yaml", b"a: 1\n")]
    add("a tar", tarred(members), "model.tar")
    add("a tar under another name", tarred(members), "model.bin")
    add("a .nemo", tarred(members), "model.nemo")
    add("a .nemo that is compressed", gz(tarred(members)), "model.nemo")
    for kind, file in [("gz", "model.tar.gz"), ("bz2", "model.tar.bz2"), ("xz", "model.tar.xz")]:
        add(f"a tar, compressed: {kind}", PACKED[{"gz": "gzip", "bz2": "bzip2", "xz": "xz"}[kind]](tarred(members)), file)
    add("a tar compressed by zstd", stored_zstd(tarred(members)), "model.tar.zst")
    add("a tar of GNU's", tarred(members, format=tarfile.GNU_FORMAT), "model.tar")
    add("a tar of POSIX's", tarred(members, format=tarfile.PAX_FORMAT), "model.tar")
    add("a tar of the seventh edition", seventh(members), "old.dat")
    add("a tar in a zip", zipped([("a.tar", tarred(members))]), "bundle.zip")
    add("a tar with a second one behind it", tarred([("a", b"a")]) + tarred(members), "model.tar")
    add("a tar without its end", tarred(members)[:2048], "model.tar")
    add("a tar whose first name is a pickle", tarred([("cos\nsystem\n(V" + NOTHING + "\ntR.", b"x")]), "model.tar")
    add("a 7z archive", b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(64), "model.7z")
    add("zstd before 1.0", b"\x25" + stored_zstd(EVIL)[1:], "model.sav")
    add("a RAR archive", b"Rar!\x1a\x07\x01\x00" + bytes(64), "model.rar")


def seventh(members):
    """Headers without a mark."""
    raw = bytearray(tarred(members))
    offset = 0
    for _, data in members:
        raw[offset + 257 : offset + 512] = bytes(255)
        raw[offset + 148 : offset + 156] = b"        "
        raw[offset + 148 : offset + 156] = b"%06o\0 " % sum(raw[offset : offset + 512])
        offset += 512 + (len(data) + 511) // 512 * 512
    return bytes(raw)


def both(corpus):
    add = lambda technique, data, file: corpus.malicious(file, technique, data)
    pad = lambda mark, count: mark + bytes(count) + b"0" + INNER + b"N."
    add("a pickle that begins as bzip2", pad(b"BZh\0\0", 0x685A), "model.pkl")
    add("a pickle that begins as bzip2", pad(b"BZh\0\0", 0x685A), "model.bin")
    add("a pickle that begins as a zip", b"PK\x03\x04\n0" + TEXT, "model.pkl")
    add("a pickle that begins as a zip", b"PK\x03\x04\n0" + TEXT, "model.bin")
    add("a pickle that begins as a list in JSON", b"]0" + TEXT, "config.json")
    add("a pickle that begins as an object in JSON", b"}0" + TEXT, "config.json")
    add("a pickle that begins as XML", b"(0" + TEXT, "page.xml")
    add("a pickle that begins as a comment", b"Vhello, this is a text\n0" + TEXT, "README.md")
    add("a pickle before a zip", TEXT + zipped([("a.txt", b"a")]), "model.bin")
    add("a pickle before a tar's mark", (TEXT + bytes(257))[:257] + b"ustar\0" + b"00" + bytes(300), "model.bin")
    add("a pickle under the name of safetensors", EVIL, "model.safetensors")
    add("a pickle under the name of ONNX", EVIL, "model.onnx")
    add("a pickle under the name of a picture", TEXT, "logo.png")
    add("a pickle without a name", EVIL, "data")


def inside(corpus):
    add = lambda technique, data, file: corpus.malicious(file, technique, data)
    add("a pickle in a database", b"SQLite format 3\0" + bytes(4080) + EVIL + bytes(500), "cache.db")
    add("a pickle in HDF5", b"\x89HDF\r\n\x1a\n" + bytes(2040) + EVIL + bytes(500), "store.h5")
    add("a pickle in a table", b"PAR1" + bytes(100) + EVIL + bytes(50) + b"PAR1", "table.parquet")
    add("a pickle in the second block of a shelf", (b"\x80\x04N." + bytes(512))[:512] + EVIL, "shelf.dat")
    add("a pickle across two megabytes", bytes((1 << 20) - 1) + EVIL, "weights.bin")
    add("a pickle of protocol 2 behind numbers", bytes(range(128)) * 4 + b"\x80\x02" + INNER + b"N.", "weights.bin")


def arrays(corpus):
    add = lambda technique, data, file="array.npy": corpus.malicious(file, technique, data)
    tail = ", 'fortran_order': False, 'shape': (1,), }"
    described = [
        "'|O'", "'O'", "'object'", "'O8'", "'|O8'", "'<O'", "'\\x4f'", "'\\117'", "u'O'", "'' 'O'", "\"|O\"", "'''O'''", "r'O'", "('O')",
        "'object_'", "[('a', '|O')]", "[('a', '<f8'), ('b', 'O')]", "[('a', 'O', (2,))]", "[('a', [('b', '\\x4f')])]", "('O', (2,))",
        "[(('title', 'a'), '|O')]", "'f8,O'", "'2O'", "'(2,)O'", "'Object0'", "'\\u004f'", "b'O'", "'O4'", "[['a', 'O']]", "'f8, object'",
    ]
    for one in described:
        add(f"a dtype as {one}", npy("{'descr': " + one + tail, EVIL))
    add("a key twice", npy("{'descr': '<f8', 'descr': 'O'" + tail, EVIL))
    add("a key with an escape", npy("{'d\\x65scr': 'O'" + tail, EVIL))
    add("version 2", npy("{'descr': 'O'" + tail, EVIL, (2, 0)))
    add("version 3", npy("{'descr': 'O'" + tail, EVIL, (3, 0)))
    add("a comment in the header", npy("{'descr': # <f8\n 'O'" + tail, EVIL))
    add("behind an array of numbers", npy("{'descr': '<f8'" + tail, bytes(8)) + npy("{'descr': 'O'" + tail, EVIL))
    add("a pickle behind an array of numbers", npy("{'descr': '<f8'" + tail, bytes(8)) + EVIL)
    add("no magic at all", EVIL)
    add("an array in an archive", zipped([("arr_0.npy", npy("{'descr': 'O'" + tail, EVIL))]), "arrays.npz")
    add("an array in an archive under another name", zipped([("x", npy("{'descr': '\\x4f'" + tail, EVIL))], zipfile.ZIP_STORED), "arrays.npz")
    add("a pickle in an archive of arrays", zipped([("arr_0.npy", EVIL)]), "arrays.npz")
    add("an array of objects, compressed", gz(npy("{'descr': 'O'" + tail, EVIL)), "array.npy.gz")


def joblib(corpus):
    add = lambda technique, data, file="model.joblib": corpus.malicious(file, technique, data)
    start, end = b"\x80\x02", b"0N."
    fields = wrapper_fields("u1", (8,))
    obj = WRAPPER + b")\x81"
    state = wrapper_state(fields)
    eight = b"\0" * 8
    add("a call behind an array", start + joblib_array("u1", (8,), eight) + b"0" + INNER + b"N.")
    add("a call behind an array, without a mark", joblib_array("u1", (8,), eight) + b"0" + INNER + b"N.", "model.sav")
    add("a call behind an array of two dimensions", start + joblib_array("f8", (3, 5), bytes(120)) + b"0" + INNER + b"N.")
    add("a call in an array of objects", start + joblib_array("O", (1,), EVIL, dtype("O", b"(K\x03" + binunicode("|") + b"NNN" + number(-1) + number(-1) + b"K?t")) + end)
    add("opcodes in an array", start + joblib_array("u1", (64,), (b"0" + INNER + b"N.").ljust(64, b".")) + end)
    add("opcodes in an array behind 70,000 others", start + joblib_array("u1", (70_100,), (b"N0" * 35_000 + b"0" + INNER + b"N.").ljust(70_100, b".")) + end)
    add("two states", start + obj + wrapper_state(wrapper_fields("u1", (64,))) + b"b" + INNER.ljust(64, b"\0") + b"}b" + end)
    add("a field set twice", start + obj + wrapper_state([*fields, ("shape", b"(" + number(0) + b"t")]) + b"b" + b"0" + INNER + b"N.".ljust(8, b"."))
    add("a field set behind forty others", start + obj + wrapper_state([*fields, *((f"x{i}", b"N") for i in range(40)), ("shape", b"(" + number(0) + b"t")]) + b"b" + b"0" + INNER + b"N.")
    add("a field whose name is made", start + obj + b"}(" + b"".join(binunicode(k) + v for k, v in fields) + name("builtins", "str") + binunicode("shape") + b"\x85R" + b"(" + number(0) + b"t" + b"ub0" + INNER + b"N.")
    add("a state in a tuple", start + obj + state + b"N\x86b" + eight + b"0" + INNER + b"N.")
    add("made by copyreg", start + name("copyreg", "_reconstructor") + WRAPPER + name("builtins", "object") + b"N\x87R" + state + b"b" + eight + b"0" + INNER + b"N.")
    add("made by copy_reg", name("copy_reg", "_reconstructor") + b"(" + WRAPPER + name("__builtin__", "object") + b"NtR" + state + b"b" + eight + b"0" + INNER + b"N.")
    add("made by REDUCE", start + WRAPPER + b"".join(value for _, value in fields[:4]) + b"(" + b"ttR" + state + b"b" + eight + b"0" + INNER + b"N.")
    add("made by REDUCE of no argument", start + WRAPPER + b")R" + state + b"b" + eight + b"0" + INNER + b"N.")
    add("made by NEWOBJ_EX", b"\x80\x04" + WRAPPER + b")}\x92" + state + b"b" + eight + b"0" + INNER + b"N.")
    add("made by OBJ", start + b"(" + WRAPPER + b"o" + state + b"b" + eight + b"0" + INNER + b"N.")
    add("made by INST", b"(ijoblib.numpy_pickle\nNumpyArrayWrapper\n" + state + b"b" + eight + b"0" + INNER + b"N.")
    add("made by NumPy's scalar", start + name("numpy.core.multiarray", "scalar") + dtype("O") + obj + b"\x86R" + state + b"b" + eight + b"0" + INNER + b"N.")
    add("a wrapper from the memo", start + obj + b"q\x00" + b"0h\x00" + state + b"b" + eight + b"0" + INNER + b"N.")
    add("a wrapper twice", start + obj + b"2" + state + b"b" + eight + b"0" + state + b"b" + eight + b"0" + INNER + b"N.")
    add("a dtype built anew", start + obj + wrapper_state(wrapper_fields("u1", (8,), dtype("u1", b"(K\x03" + binunicode("|") + b"NNN" + number(-1) + number(-1) + b"K?t"))) + b"b" + EVIL + end)
    add("a dtype built twice", start + obj + wrapper_state(wrapper_fields("V8", (1,), dtype("V8")[:-1] + b"b(K\x03" + binunicode("|") + b"NNNK\x00K\x01K\x00tb")) + b"b" + b"0" + INNER + b"N.")
    add("a dtype that is a structure with objects", start + obj + wrapper_state(wrapper_fields("V8", (1,), dtype("V8", b"(K\x03" + binunicode("|") + b"N" + binunicode("a") + b"\x85}" + binunicode("a") + dtype("O") + b"K\x00\x86sK\x08K\x01K\x1bt"))) + b"b" + EVIL + end)
    add("a dtype of a class", start + obj + wrapper_state(wrapper_fields("u1", (1,), name("numpy", "dtype") + name("builtins", "object") + b"\x85R")) + b"b" + EVIL + end)
    add("a dtype by its long name", start + obj + wrapper_state(wrapper_fields("u1", (1,), name("numpy", "dtype") + binunicode("object") + b"\x85R")) + b"b" + EVIL + end)
    add("a dtype of fields", start + obj + wrapper_state(wrapper_fields("u1", (1,), name("numpy", "dtype") + binunicode("O,i4") + b"\x85R")) + b"b" + EVIL + end)
    add("a dtype of NEWOBJ", start + obj + wrapper_state(wrapper_fields("u1", (1,), name("numpy", "dtype") + binunicode("O") + b"\x85\x81")) + b"b" + EVIL + end)
    add("a size that overflows", start + obj + wrapper_state(wrapper_fields("u1", (1 << 30, 1 << 30, 16))) + b"b" + b"0" + INNER + b"N.")
    add("a size below zero", start + obj + wrapper_state(wrapper_fields("u1", (-8, -1))) + b"b" + eight + b"0" + INNER + b"N.")
    add("bytes to be passed over", start + obj + wrapper_state([*fields[:-1], ("numpy_array_alignment_bytes", number(16))]) + b"b" + b"\x04" + bytes(12) + b"0" + INNER + b"N.")
    body = obj + state + b"b"
    frame = body + b"0" + INNER + b"N."
    add("an array in the middle of a frame", b"\x80\x04\x95" + struct.pack("<Q", len(frame)) + frame + eight)
    frame = body + b"0" + name("mypackage", "run") + b")R."
    add("a name of the project's in a frame behind an array", b"\x80\x04\x95" + struct.pack("<Q", len(frame)) + frame + eight)
    add("joblib's old wrapper", start + name("joblib.numpy_pickle", "NDArrayWrapper") + b")\x81}(" + binunicode("filename") + binunicode("../x.npy") + b"ub.")
    for method in ("read", "read_array", "safe_get_numpy_array_alignment_bytes"):
        add(f"a wrapper with another {method}", start + obj + wrapper_state([*fields, (method, name("builtins", "slice"))]) + b"b0" + name("loader", "run") + b")R0N.".ljust(64, b"."))
    add("a subclass of the wrapper", start + name("mypackage.arrays", "Wrapper") + b")\x81" + state + b"b" + eight + b".")
    add("compressed by zlib", zlib.compress(start + joblib_array("u1", (8,), eight) + b"0" + INNER + b"N.", 3))
    add("compressed by lz4", stored_lz4(start + joblib_array("u1", (8,), eight) + b"0" + INNER + b"N."))


def make(corpus):
    compressed(corpus)
    archives(corpus)
    both(corpus)
    inside(corpus)
    arrays(corpus)
    joblib(corpus)
