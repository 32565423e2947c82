"""The program of scripts/bench-serving: prints Markdown, a table for each section."""

import argparse
import csv
import http.client
import json
import os
import pathlib
import resource
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import bench_load
from bench_load import Work, by_name, load, matrix, over_binary, over_grpc, over_json
from bench_servers import Constant, Opz, Peer

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHURN = ROOT / "examples/churn"
TEXTS = {"state", "area_code", "international_plan", "voice_mail_plan"}
WIDTH = 12


# Models and what is asked of them.

def churn_rows(count):
    """Rows of the example without missing values, again and again."""
    with open(CHURN / "holdout.csv") as file:
        rows = [row for row in csv.DictReader(file) if all(row.values())]
    return (rows * (count // len(rows) + 1))[:count]


def churn_columns(count):
    rows = churn_rows(count)
    return [(name, "BYTES" if name in TEXTS else "FP32", [row[name] if name in TEXTS else float(row[name]) for row in rows]) for name in rows[0]]


def churn_numbers(count):
    """The same as a matrix, where a category is the number that the model has for it."""
    return [[0.0 if name in TEXTS else float(value) for name, value in row.items()] for row in churn_rows(count)]


def forest(directory, python):
    """A forest of 100 trees, trained by the scikit-learn that serves it."""
    code = f"""
import joblib, numpy
from sklearn.ensemble import RandomForestClassifier
random = numpy.random.default_rng(0)
X = random.normal(size=(5000, {WIDTH}))
joblib.dump(RandomForestClassifier(100, max_depth=8, random_state=0).fit(X, (X[:, 0] + X[:, 1] > 0).astype(int)), "model.joblib")
"""
    subprocess.run([python, "-c", code], cwd=directory, check=True)


FOREST_ROW = [0.5] * WIDTH


def worker(options, directory, more=None, code=None):
    """The settings of opz-server with a worker of scikit-learn."""
    own = {"kind": "python", "command": [str(options.python("serving")), "-m", "opz_worker"], "path": str(ROOT / "Sources/OpzWorkerFiles/Files")}
    if code:
        (directory / "predict.py").write_text(code)
        own["predict"] = str(directory / "predict.py")
    (directory / "serve.json").write_text(json.dumps(
        {"opz_serve": 1, "name": "m", "model": str(directory / "model.joblib"), "worker": own, **(more or {})}))
    return directory / "serve.json"


# Sections.

def in_turn(options, servers):
    """Medians of rounds in which all have their turn: the machine is rarely idle.

    - servers: by name, a server, what is asked, and how many connections of how many streams.
    """
    found = {name: [] for name in servers}
    for number in range(options.rounds + 1):
        for name, (server, work, connections, streams) in servers.items():
            one = load(server, work, connections, streams, 1 if number == 0 else options.seconds, processor=1)
            server.check()
            if number:
                found[name].append(one)
    return {name: bench_load.Load(*(statistics.median(getattr(one, key) for one in all) for key in vars(all[0]))) for name, all in found.items()}


def native(options, directory):
    """opz-server beside servers on the same libraries that answer with a constant, each on one processor, h2load on the other."""
    row, numbers = by_name(churn_columns(1)), matrix(churn_numbers(1))
    with Opz(options.server, CHURN / "model.json", processor=0) as opz:
        answer = json.dumps(opz.ask(over_json("m", numbers))).encode()
        reply = b"\n\x01m\x12\x011" + 2 * (b"*\x18\n\x0bprobability\x12\x04FP32\x1a\x01\x01") + 2 * b"2\x04\x00\x00\x00\x3f"
        with Constant(options.constant, "http", answer, directory, 0) as plain, Constant(options.constant, "grpc", reply, directory, 0) as call:
            over = {
                "a constant, HTTP/1.1": (plain, over_json("m", row)), "JSON by name": (opz, over_json("m", row)),
                "JSON as a matrix": (opz, over_json("m", numbers)), "binary REST by name": (opz, over_binary("m", row)),
                "binary REST as a matrix": (opz, over_binary("m", numbers)),
                "a constant, gRPC": (call, over_grpc("m", row)), "gRPC by name": (opz, over_grpc("m", row)),
                "gRPC as a matrix": (opz, over_grpc("m", numbers)),
            }
            n = options.connections
            shapes = {name: (*one, n, 1) for name, one in over.items()}
            shapes |= {f"{name}, one connection of {n} streams": (*one, 1, n) for name, one in over.items() if one[1].is_grpc}
            found = in_turn(options, shapes)
        memory = opz.memory()
    print(f"\n| one row of examples/churn, {n} connections | requests/s | p50 ms | p99 ms | µs of processor | of the constant's rate, by processor time |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, one in found.items():
        if name.startswith("a constant"):
            base = one
        print(f"| {name} | {one.rate:,.0f} | {one.middle:.2f} | {one.late:.1f} | {one.processor:.1f} | {base.processor / one.processor:.0%} |")
    print(f"\nopz-server holds {memory:.0f} MiB after that.")


def rows(options, directory):
    """Requests of 1,000 rows, and the same rows by `opz score`."""
    columns, numbers = churn_columns(1000), churn_numbers(1000)
    with Opz(options.server, CHURN / "model.json", processor=0) as opz:
        over = {
            "JSON by name": over_json("m", by_name(columns)), "binary REST by name": over_binary("m", by_name(columns)),
            "gRPC by name": over_grpc("m", by_name(columns)), "JSON as a matrix": over_json("m", matrix(numbers)),
            "gRPC as a matrix": over_grpc("m", matrix(numbers)),
        }
        found = in_turn(options, {name: (opz, work, 4, 1) for name, work in over.items()})
    table = directory / "rows.csv"
    count = 200_000
    with open(table, "w") as file:
        writer = csv.DictWriter(file, churn_rows(1)[0])
        writer.writeheader()
        writer.writerows(churn_rows(count))
    times = []
    for _ in range(options.rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([options.opz, "score", CHURN / "model.json", "--input", table, "--output", directory / "scores.csv"], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    score = count / statistics.median(times)
    print("\n| 1,000 rows of examples/churn in a request, 4 connections | requests/s | rows per processor second | of `opz score` |\n|---|---:|---:|---:|")
    for name, one in found.items():
        rate = 1000 / one.processor * 1e6
        print(f"| {name} | {one.rate:,.0f} | {rate:,.0f} | {rate / score:.0%} |")
    print(f"| `opz score` of a table of {count:,} rows | | {score:,.0f} | |")


def peers(options, directory):
    """Python models behind opz-server and behind other projects' servers, all on both processors with h2load."""
    n = options.connections
    for model, row, about in (("forest", FOREST_ROW, "scikit-learn, a forest of 100 trees"), ("churn", churn_numbers(1)[0], "XGBoost, examples/churn as a matrix")):
        print(f"\n| {about}: one row, {n} connections | requests/s | p50 ms | p99 ms | MiB |\n|---|---:|---:|---:|---:|")

        def line(name, server, work):
            server.ask(work)
            load(server, work, n, 1, 2)
            one = load(server, work, n, 1, options.seconds * options.rounds)
            print(f"| {name} | {one.rate:,.0f} | {one.middle:.1f} | {one.late:.1f} | {server.memory():.0f} |", flush=True)

        if model == "forest":
            forest(directory, options.python("serving"))
            names = [tensor(f"f{index}", value) for index, value in enumerate(row)]
            for name, work, more in (
                ("opz-server, one worker", over_json("m", doubles(row), outputs=[{"name": "probability"}]), {}),
                ("opz-server, one worker, by column", over_json("m", names, outputs=[{"name": "probability"}]), {}),
                ("opz-server, one worker, without batches", over_json("m", doubles(row), outputs=[{"name": "probability"}]), {"batch": {"rows": 1}}),
            ):
                with Opz(options.server, settings=worker(options, directory, more)) as opz:
                    line(name, opz, work)
                    opz.check()
        else:
            with Opz(options.server, CHURN / "model.json") as opz:
                line("opz-server, native", opz, over_json("m", matrix([row])))
        for kind, name in (("fastapi", "FastAPI and uvicorn"), ("litserve", "LitServe"), ("bentoml", "BentoML"), ("mlserver", "MLServer")):
            place = directory / f"{kind}-{model}"
            place.mkdir()
            python = options.python({"fastapi": "serving"}.get(kind, kind))
            if model == "forest":
                forest(place, python)
            else:
                (place / "model.json").write_bytes((CHURN / "model.json").read_bytes())
            work = {
                "fastapi": Work("/predict", json.dumps([row]).encode()), "litserve": Work("/predict", json.dumps({"rows": [row]}).encode()),
                "bentoml": Work("/predict", json.dumps({"rows": [row]}).encode()),
                "mlserver": over_json("m", doubles(row), outputs=[{"name": "predict_proba"}] if model == "forest" else []),
            }[kind]
            with Peer(kind, python, place, model) as peer:
                line(name, peer, work)


def tensor(name, value):
    return bench_load.tensor(name, "FP64", [1], [value])


def doubles(row):
    return [bench_load.tensor("x", "FP64", [1, len(row)], row)]


def start(options, directory):
    """From exec to the first answer, and what the processes hold then."""
    times = []
    for _ in range(15):
        with Opz(options.server, CHURN / "model.json") as opz:
            opz.wait("/v2/health/ready")
            times.append((time.monotonic() - opz.started) * 1000)
            memory = opz.memory()
    print(f"\nA native model (examples/churn): {statistics.median(times):.0f} ms from exec to a first 200 of /v2/health/ready, {memory:.0f} MiB then.")
    forest(directory, options.python("serving"))
    settings = worker(options, directory, {"workers": {"count": 1}})
    restarts = []
    with Opz(options.server, settings=settings) as opz:
        first = opz.ready["ready_ms"]
        work = over_json("m", doubles(FOREST_ROW))
        opz.ask(work)
        for _ in range(5):
            child = next(pid for pid, fields in opz.processes() if int(fields[1]) == opz.process.pid)
            os.kill(child, signal.SIGKILL)
            killed = time.monotonic()
            while not answers(opz, work):
                time.sleep(0.002)
            restarts.append((time.monotonic() - killed) * 1000)
            # Restarts in a row are slowed down.
            time.sleep(5)
    print(f"A worker of scikit-learn: {first} ms from exec to ready; killed by SIGKILL, {statistics.median(restarts):.0f} ms to the next answer "
          f"({min(restarts):.0f} to {max(restarts):.0f}).")
    with Opz(options.server, settings=worker(options, directory, {"workers": {"count": 1}}, CONSTANT)) as opz:
        through = one_by_one(opz, work, 3000)
    alone = over_pipes(options, directory, 3000)
    print(f"A call that computes nothing, one connection: {through:.0f} µs through the server at p50, {alone:.0f} µs over the worker's pipes alone.")


CONSTANT = """
import numpy as np
def predict(frame: np.ndarray):
    return np.zeros(len(frame))
"""


def answers(server, work):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("POST", work.path, work.body, work.headers)
        return connection.getresponse().status == 200
    except OSError:
        return False


def one_by_one(server, work, count):
    """The median latency of one connection in microseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        connection.request("POST", work.path, work.body, work.headers)
        connection.getresponse().read()
        times.append(time.perf_counter() - begin)
    return statistics.median(times[count // 10 :]) * 1e6


def over_pipes(options, directory, count):
    """The median time of the same call over the worker's pipes alone, in microseconds."""
    (in_read, in_write), (out_read, out_write) = os.pipe(), os.pipe()

    def claim():
        os.dup2(in_read, 100), os.dup2(out_write, 101)
        os.dup2(100, 3), os.dup2(101, 4)

    environment = {**os.environ, "PYTHONPATH": str(ROOT / "Sources/OpzWorkerFiles/Files")}
    command = [options.python("serving"), "-m", "opz_worker", "--model", directory / "model.joblib", "--predict", directory / "predict.py"]
    process = subprocess.Popen(list(map(str, command)), preexec_fn=claim, close_fds=False, env=environment)
    out = os.fdopen(out_read, "rb")

    def answer():
        header, body = struct.unpack("<IQ", out.read(12))
        out.read(header + body)

    answer()
    data = bytes(8 * WIDTH)
    text = json.dumps({
        "inputs": [{"name": "x", "datatype": "FP64", "shape": [1, WIDTH], "parameters": {"binary_data_size": len(data)}}], "opz": {"kind": "infer"},
    }).encode()
    frame = struct.pack("<IQ", len(text), len(data)) + text + data
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        os.write(in_write, frame)
        answer()
        times.append(time.perf_counter() - begin)
    process.kill()
    process.wait()
    return statistics.median(times[count // 10 :]) * 1e6


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def request(stream, path, method=0x82, ends=True):
    """HEADERS of a request, by HPACK's static table and literals: 0x82 is GET, 0x83 POST."""
    fields = bytes([method, 0x86, 0x04, len(path)]) + path.encode() + b"\x01\x01h"
    return frame(1, 5 if ends else 4, stream, fields)


def idle(options, directory):
    """10,000 connections that ask once and then nothing, half of them over HTTP/2, and a load beside them."""
    count = 10_000
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 1000, count + 1000))
    with Opz(options.server, CHURN / "model.json", OPZ_MAX_CONNECTIONS="20000", OPZ_IDLE_SECONDS="3600") as opz:
        work = over_json("m", by_name(churn_columns(1)))
        load(opz, work, 16, 1, 2)
        before = (opz.memory(), load(opz, work, 16, 1, options.seconds))
        held = []
        for number in range(count):
            one = socket.create_connection(("127.0.0.1", opz.port))
            one.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: h\r\n\r\n" if number % 2 else PREFACE + frame(4, 0, 0) + request(1, "/v2/health/live"))
            held.append(one)
        for one in held:
            one.settimeout(30)
            if not one.recv(1):
                sys.exit("an idle connection was closed")
        during = (opz.memory(), load(opz, work, 16, 1, options.seconds))
        opz.check()
        for one in held:
            one.close()
        deadline = time.monotonic() + 10
        while len(os.listdir(f"/proc/{opz.process.pid}/fd")) > 100 and time.monotonic() < deadline:
            time.sleep(0.1)
        after = opz.memory()
    print(f"\n{count:,} idle connections, half of them HTTP/2: {before[0]:.0f} MiB before, {during[0]:.0f} MiB with them, {after:.0f} MiB after; "
          f"16 others get {during[1].rate:,.0f} answers a second beside them ({before[1].rate:,.0f} alone), p99 {during[1].late:.1f} ms ({before[1].late:.1f}).")


def abuse(options, directory):
    """What hostile clients of HTTP/2 and slow readers cost, beside a load that goes on."""

    def rapid_reset(port):
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(PREFACE + frame(4, 0, 0))
        for stream in range(1, 40_001, 2):
            one.sendall(request(stream, "/v2/models/m/infer", 0x83, ends=False) + frame(3, 0, stream, b"\0\0\0\x08"))

    def continuation(port):
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(PREFACE + frame(4, 0, 0) + frame(1, 0, 1, b"\x82"))
        while True:
            one.sendall(frame(9, 0, 1, b"\x00\x01x\x01y" * 100))

    def pings(port):
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(PREFACE + frame(4, 0, 0))
        for _ in range(20_000):
            one.sendall(frame(6, 0, 0, bytes(8)))

    def no_window(port):
        """All its streams ask for a page, and no byte of it may be sent."""
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(PREFACE + frame(4, 0, 0, b"\0\x04\0\0\0\0") + b"".join(request(stream, "/openapi.json") for stream in range(1, 200, 2)))
        return one

    def unread(port):
        """Asks for pages over HTTP/1.1, and reads none."""
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", port))
        one.setblocking(False)
        try:
            one.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n" * 500)
        except BlockingIOError:
            pass
        return one

    print("\n| hostile clients for some seconds | connections of theirs | MiB before, with them | others' answers/s | p99 ms |\n|---|---:|---:|---:|---:|")
    work = over_json("m", by_name(churn_columns(1)))
    for name, attack, each in (
        ("none", None, 0), ("requests opened and reset without end", rapid_reset, 1), ("headers without end (CONTINUATION)", continuation, 1),
        ("PINGs whose answers nobody reads", pings, 1), ("100 requests a connection and no window", no_window, 200),
        ("500 pipelined requests a connection and nothing read", unread, 200),
    ):
        with Opz(options.server, CHURN / "model.json") as opz:
            load(opz, work, 16, 1, 1)
            before = opz.memory()
            attacker = os.fork() if attack else 0
            if attack and not attacker:
                held, made, end = [], 0, time.monotonic() + options.seconds + 2
                while time.monotonic() < end:
                    try:
                        made += 1
                        held.append(attack(opz.port))
                    except OSError:
                        pass
                    if each > 1 and made == each:
                        time.sleep(max(0, end - time.monotonic()))
                pathlib.Path(directory, "made").write_text(str(made))
                os._exit(0)
            time.sleep(1)
            one = load(opz, work, 16, 1, options.seconds)
            during = opz.memory()
            if attack:
                os.waitpid(attacker, 0)
            made = pathlib.Path(directory, "made").read_text() if attack else "0"
        print(f"| {name} | {int(made):,} | {before:.0f}, {during:.0f} | {one.rate:,.0f} | {one.late:.1f} |", flush=True)


def soak(options, directory):
    """A load of about 70 % of what the server can do, over HTTP/1.1 and gRPC in turn, and the memory over time."""
    json_work, grpc_work = over_json("m", by_name(churn_columns(1))), over_grpc("m", by_name(churn_columns(1)))
    with Opz(options.server, CHURN / "model.json", processor=0) as opz:
        found, number = [], 0
        end = time.monotonic() + options.minutes * 60
        while time.monotonic() < end:
            work = (json_work, grpc_work)[number % 2]
            load(opz, work, 16, 1, 7, processor=1)
            time.sleep(3)
            opz.check()
            found.append(opz.memory())
            number += 1
    tenth = max(1, len(found) // 10)
    print(f"\n{options.minutes:g} minutes, busy 7 of 10 seconds with all that it can do, JSON and gRPC in turn: "
          f"{statistics.median(found[tenth:2 * tenth]):.1f} MiB in the second tenth of the time, {statistics.median(found[-tenth:]):.1f} MiB in the last.")


SECTIONS = {"native": native, "rows": rows, "peers": peers, "start": start, "idle": idle, "abuse": abuse, "soak": soak}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    parser.add_argument("--constant", required=True)
    parser.add_argument("--opz", required=True)
    parser.add_argument("--pythons", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, default=4, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--minutes", type=float, default=10, help="of the soak")
    parser.add_argument("sections", nargs="*", default=list(SECTIONS), metavar="SECTION", help=", ".join(SECTIONS))
    options = parser.parse_args()
    # The path within the environment: resolved, it would be the interpreter without its libraries.
    options.python = lambda name: options.pythons / f"bench-{name}/bin/python"
    for name in options.sections:
        with tempfile.TemporaryDirectory() as place:
            SECTIONS[name](options, pathlib.Path(place))


if __name__ == "__main__":
    main()
