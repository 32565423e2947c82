"""The program of scripts/bench-serving."""

import argparse
import json
import os
import pathlib
import re
import statistics
import struct
import subprocess
import sys
import tempfile
import time

FASTAPI = """
import joblib, pandas as pd
from fastapi import FastAPI
model = joblib.load("model.joblib")
app = FastAPI()
@app.post("/predict")
def predict(row: dict[str, float]) -> list[list[float]]:
    return model.predict_proba(pd.DataFrame([row])).tolist()
"""
CONSTANT = """
import numpy as np
def predict(frame: np.ndarray):
    return np.zeros(len(frame))
"""
COLUMNS = [f"c{number}" for number in range(12)]


def make(directory):
    """The model that both serve."""
    import joblib
    import numpy as np
    import pandas as pd
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(5000, len(COLUMNS))), columns=COLUMNS)
    model = RandomForestClassifier(100, max_depth=8, random_state=0).fit(X, (X.c0 + X.c1 > 0).astype(int))
    joblib.dump(model, directory / "model.joblib")
    (directory / "app.py").write_text(FASTAPI)
    (directory / "predict.py").write_text(CONSTANT)


class OpzServer:
    """opz-server with one worker."""

    def __init__(self, options, directory, worker, **more):
        own = {"kind": "python", "command": [sys.executable, "-m", "opz_worker"], "path": os.path.abspath(options.files), **worker}
        settings = {"opz_serve": 1, "name": "m", "model": str(directory / "model.joblib"), "worker": own, **more}
        (directory / "serve.json").write_text(json.dumps(settings))
        self.process = subprocess.Popen(
            [options.server, "--settings", str(directory / "serve.json"), "--host", "127.0.0.1", "--port", "0"], stderr=subprocess.PIPE, text=True
        )
        self.port = next(json.loads(line)["port"] for line in self.process.stderr if '"event":"ready"' in line)
        self.path = "/v2/models/m/infer"

    def stop(self):
        self.process.terminate()
        self.process.wait()


class FastAPI:
    """uvicorn with one process."""

    def __init__(self, directory):
        self.port, self.path = 18080, "/predict"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "app:app", "--port", str(self.port), "--log-level", "error"], cwd=directory
        )
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            if subprocess.run(["curl", "-sf", f"http://127.0.0.1:{self.port}/openapi.json"], capture_output=True).returncode == 0:
                return
            time.sleep(0.05)
        sys.exit("uvicorn did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def load(server, body, connections, seconds):
    """Requests a second, and the median and 99th percentile in milliseconds."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        command = ["ab", "-q", "-k", "-c", str(connections), "-t", str(seconds), "-n", "10000000", "-p", file.name, "-T", "application/json"]
        text = subprocess.run([*command, f"http://127.0.0.1:{server.port}{server.path}"], capture_output=True, text=True, check=True).stdout
    if (bad := re.search(r"Non-2xx responses:\s+(\d+)", text)) is not None:
        sys.exit(f"{bad[1]} requests failed")
    if (found := re.search(r"Requests per second:\s+([\d.]+)", text)) is None:
        return 0.0, 0, 0  # Not one request was answered in the time.
    rate = float(found[1])
    percent = dict(re.findall(r"^\s+(\d+)%\s+(\d+)", text, re.M))
    return rate, int(percent["50"]), int(percent["99"])


def medians(server, body, count):
    """The median latency of one connection in microseconds, which ab does not resolve."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        connection.request("POST", server.path, body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        times.append(time.perf_counter() - start)
    return statistics.median(times[count // 10 :]) * 1e6


def direct(options, directory, count):
    """The median time of the same call over the worker's pipes alone, in microseconds."""
    (in_read, in_write), (out_read, out_write) = os.pipe(), os.pipe()

    def claim():
        os.dup2(in_read, 100), os.dup2(out_write, 101)
        os.dup2(100, 3), os.dup2(101, 4)

    environment = {**os.environ, "PYTHONPATH": os.path.abspath(options.files)}
    command = [sys.executable, "-m", "opz_worker", "--model", str(directory / "model.joblib"), "--predict", str(directory / "predict.py")]
    worker = subprocess.Popen(command, preexec_fn=claim, close_fds=False, env=environment)
    out = os.fdopen(out_read, "rb")

    def answer():
        header, body = struct.unpack("<IQ", out.read(12))
        out.read(header + body)

    answer()
    data = bytes(8 * len(COLUMNS))
    tensor = {"name": "x", "datatype": "FP64", "shape": [1, len(COLUMNS)], "parameters": {"binary_data_size": len(data)}}
    text = json.dumps({"inputs": [tensor], "opz": {"kind": "infer"}}).encode()
    frame = struct.pack("<IQ", len(text), len(data)) + text + data
    times = []
    for _ in range(count):
        start = time.perf_counter()
        os.write(in_write, frame)
        answer()
        times.append(time.perf_counter() - start)
    worker.kill()
    return statistics.median(times[count // 10 :]) * 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("files")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    row = dict.fromkeys(COLUMNS, 0.5)
    by_name = json.dumps(
        {"inputs": [{"name": name, "datatype": "FP64", "shape": [1], "data": [value]} for name, value in row.items()], "outputs": [{"name": "probability"}]}
    ).encode()
    matrix = json.dumps({"inputs": [{"name": "x", "datatype": "FP64", "shape": [1, len(row)], "data": list(row.values())}], "outputs": [{"name": "probability"}]}).encode()
    constant = json.dumps({"inputs": [{"name": "x", "datatype": "FP64", "shape": [1, len(row)], "data": list(row.values())}]}).encode()
    with tempfile.TemporaryDirectory() as place:
        directory = pathlib.Path(place)
        make(directory)
        print(f"| a forest of 100 trees, one row, {options.connections} connections, one Python process | requests/s | p50 ms | p99 ms |\n|---|---|---|---|")
        for name, start, body in [
            ("opz-server, by column", lambda: OpzServer(options, directory, {}), by_name),
            ("opz-server, as a matrix", lambda: OpzServer(options, directory, {}), matrix),
            ("opz-server, without batches", lambda: OpzServer(options, directory, {}, batch={"rows": 1}), matrix),
            ("FastAPI and uvicorn", lambda: FastAPI(directory), json.dumps(row).encode()),
        ]:
            server = start()
            try:
                load(server, body, options.connections, 5)
                rate, middle, late = load(server, body, options.connections, options.seconds)
                print(f"| {name} | {rate:,.0f} | {middle} | {late} |", flush=True)
            finally:
                server.stop()
        server = OpzServer(options, directory, {"predict": str(directory / "predict.py")})
        try:
            through = medians(server, constant, 3000)
        finally:
            server.stop()
        alone = direct(options, directory, 3000)
        print(f"\nA call that computes nothing, one connection: {through:.0f} us through the server, {alone:.0f} us over the worker's pipes alone.")


if __name__ == "__main__":
    main()
