"""What lies beside models, and is none: texts, tables, pictures, archives."""

import bz2
import gzip
import io
import json
import lzma
import random
import struct
import tarfile
import zipfile
import zlib

TEXTS = {
    "README.md": "# Churn\n\nA model.\n\n(in short)\n", "notes.txt": "cat\ndog\nbird\n", "functions.txt": "cos\nsin\ntan\nexp\n", "words.txt": "code\nos\nsystem\ncsv\nreader\n",
    "train.py": "import os\nimport pickle\n\nos.makedirs('out', exist_ok=True)\n", "a.csv": "0,1\n1,0\n", "b.csv": "I,II\n1,2\n", "config.json": json.dumps({"layers": [1, 2], "name": "x"}), "list.json": "[1, 2, 3]\n", "empty.json": "{}",
    "a.yaml": "name: churn\nversion: 1\n", "requirements.txt": "numpy==2.1\nscikit-learn\n", "a.toml": "[project]\nname = 'a'\n", "a.sh": "#!/bin/sh\necho hello\n", "Dockerfile": "FROM scratch\n", "a.xml": "<a><b>1</b></a>\n", "page.html": "<!doctype html><p>hi\n",
    "letter.txt": "I am\na text\n.", "b.txt": "b\nb\nb\n", "copyright": "copyright\n2026\n\nR.", "numbers.txt": "1\n2\n3\n", "poem.txt": "(lines\nin brackets)\nt.\n", "class.py": "class Model:\n  pass\n", "vocabulary.txt": "\n".join(f"##{i}" for i in range(500)),
    "merges.txt": "#version: 0.2\nt h\nth e\n", "Verse.txt": "Very well\nSaid he\nNow.\n", "params.txt": "p0\np1\np2\n", "groups.txt": "g1\ng2\n(p)\n", "x.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>", "German.txt": "Über uns\nÄpfel\n", "Log.txt": "INFO start\nINFO end\n",
}


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0\1\2\0\3\4")) + chunk(b"IEND", b"")


def make(corpus):
    for name, text in TEXTS.items():
        corpus.benign(name, "a text", text.encode())
    table = "\n".join(f"{i},{i * i},{i % 7}" for i in range(3000)).encode()
    for name, pack in {"table.csv.gz": gzip.compress, "table.csv.bz2": bz2.compress, "table.csv.xz": lzma.compress, "table.csv.z": zlib.compress}.items():
        corpus.benign(name, "a table, compressed", pack(table))
    corpus.benign("zeros.gz", "zeros, compressed", gzip.compress(bytes(3_000_000)))
    corpus.benign("logo.png", "a picture", png())
    for method, name in ((zipfile.ZIP_STORED, "stored"), (zipfile.ZIP_DEFLATED, "deflated")):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for path, text in TEXTS.items():
                archive.writestr(zipfile.ZipInfo(path), text)
        corpus.benign("texts.zip", f"an archive, {name}", buffer.getvalue())
    for mode, format in (("w", tarfile.PAX_FORMAT), ("w:gz", tarfile.GNU_FORMAT), ("w:xz", tarfile.USTAR_FORMAT)):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode=mode, format=format) as archive:
            for path, text in TEXTS.items():
                entry = tarfile.TarInfo(path)
                entry.size = len(text.encode())
                archive.addfile(entry, io.BytesIO(text.encode()))
        corpus.benign("texts.tar", f"a tar, {mode}", buffer.getvalue())
    generator = random.Random(5)
    for index in range(40):
        corpus.benign("weights.bin", "bytes by chance", generator.randbytes(500 + 97 * index))
    for index in range(20):
        floats = b"".join(struct.pack("<f", generator.gauss(0, 1)) for _ in range(200 + index))
        corpus.benign("weights.bin", "numbers by chance", floats)
    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
    corpus.benign("model.safetensors", "safetensors", struct.pack("<Q", len(header)) + header + bytes(16))
