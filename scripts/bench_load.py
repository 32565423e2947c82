"""Requests of the Open Inference Protocol, and load of them by h2load (nghttp2-client), for scripts/bench-serving."""

import dataclasses
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile


@dataclasses.dataclass
class Work:
    """A request that is sent again and again."""

    path: str
    body: bytes
    headers: dict[str, str] = dataclasses.field(default_factory=lambda: {"content-type": "application/json"})
    is_grpc: bool = False
    rows: int = 1


@dataclasses.dataclass
class Load:
    """What came of it: requests a second, milliseconds, and microseconds of the server's processors for a request."""

    rate: float
    middle: float
    late: float
    processor: float


def load(server, work, connections=16, streams=1, seconds=4.0, processor=None):
    """Sends requests over connections with so many streams each (one over HTTP/1.1), all answered with 200.

    - processor: where h2load runs alone; None for anywhere.
    """
    with tempfile.TemporaryDirectory() as place:
        body, log = pathlib.Path(place, "body"), pathlib.Path(place, "log")
        body.write_bytes(work.body)
        command = ["taskset", "-c", str(processor)] if processor is not None else []
        command += ["h2load", "-c", str(connections), "-m", str(streams if work.is_grpc else 1), "-D", f"{round(seconds * 1000)}ms", "-d", body, f"--log-file={log}"]
        command += [] if work.is_grpc else ["--h1"]
        for name, value in work.headers.items():
            command += ["-H", f"{name}: {value}"]
        before = server.processor_seconds()
        text = subprocess.run([*command, f"http://127.0.0.1:{server.port}{work.path}"], capture_output=True, text=True, check=True).stdout
        used = server.processor_seconds() - before
        times = sorted(int(line.rsplit("\t", 1)[1]) for line in log.read_text().splitlines())
    counts = {name: int(count) for count, name in re.findall(r"(\d+) (2xx|3xx|4xx|5xx|failed|timeout)", text)}
    if not counts["2xx"] or counts["3xx"] + counts["4xx"] + counts["5xx"] + counts["failed"] + counts["timeout"]:
        sys.exit(f"not all went well:\n{text}")
    rate = float(re.search(r"finished in .*?, ([\d.]+) req/s", text)[1])
    return Load(rate, times[len(times) // 2] / 1000, times[len(times) * 99 // 100] / 1000, used / counts["2xx"] * 1e6)


# What is asked: rows of columns, each a (name, datatype, values).

def elements(datatype, values):
    """A tensor's elements as the binary extension has them."""
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(value.encode())) + value.encode() for value in values)
    return struct.pack(f"<{len(values)}{ {'FP32': 'f', 'FP64': 'd'}[datatype] }", *values)


def tensor(name, datatype, shape, values):
    return {"name": name, "datatype": datatype, "shape": shape, "data": values}


def by_name(columns):
    return [tensor(name, datatype, [len(values)], values) for name, datatype, values in columns]


def matrix(rows):
    return [tensor("x", "FP32", [len(rows), len(rows[0])], [value for row in rows for value in row])]


def over_json(model, tensors, **more):
    return Work(f"/v2/models/{model}/infer", json.dumps({"inputs": tensors, **more}).encode(), rows=tensors[0]["shape"][0])


def over_binary(model, tensors):
    """The binary extension, asked and answered."""
    parts, heads = [], []
    for one in tensors:
        parts.append(elements(one["datatype"], one["data"]))
        heads.append({key: one[key] for key in ("name", "datatype", "shape")} | {"parameters": {"binary_data_size": len(parts[-1])}})
    head = json.dumps({"inputs": heads, "parameters": {"binary_data_output": True}}).encode()
    headers = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(head))}
    return Work(f"/v2/models/{model}/infer", head + b"".join(parts), headers, rows=tensors[0]["shape"][0])


def over_grpc(model, tensors):
    """`ModelInferRequest` with raw contents, as tritonclient sends it."""

    def number(value):
        more = value >> 7
        return bytes([value & 127 | (128 if more else 0)]) + (number(more) if more else b"")

    def field(key, value):
        return number(key << 3 | 2) + number(len(value)) + value

    message = field(1, model.encode())
    for one in tensors:
        shape = b"".join(number(size) for size in one["shape"])
        message += field(5, field(1, one["name"].encode()) + field(2, one["datatype"].encode()) + field(3, shape))
    for one in tensors:
        message += field(7, elements(one["datatype"], one["data"]))
    headers = {"content-type": "application/grpc", "te": "trailers"}
    return Work("/inference.GRPCInferenceService/ModelInfer", struct.pack(">BI", 0, len(message)) + message, headers, True, tensors[0]["shape"][0])
