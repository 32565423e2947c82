"""The program of scripts/torture-workers: opz-server with Python workers that are killed at random while clients compare answers."""

import argparse
import http.client
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

CODE = """
import os, signal, time, ctypes, sys
import numpy
kept = []
def predict(frame: numpy.ndarray):
    what = frame[:, 1]
    if (what == 1).any(): os.abort()
    if (what == 2).any(): ctypes.string_at(0)
    if (what == 3).any(): raise ValueError("refused")
    if (what == 4).any(): time.sleep(60)
    if (what == 5).any():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True: time.sleep(1)
    if (what == 6).any(): print("x" * 100000); sys.stdout.flush()
    if (what == 7).any() and os.fork() == 0: time.sleep(3); os._exit(0)
    if (what == 8).any(): kept.append(os.urandom(1 << 20) * 16)
    if (what == 9).any(): return {"prediction": numpy.zeros((len(frame), 1 << 22))}
    if (what == 10).any(): os.write(4, os.urandom(100))
    return frame[:, 0] * 2 + 1
"""
# What a client sends: 0 most of the time. Those that end a worker are rare, because each takes its answer from nobody but itself.
KINDS = [0] * 400 + [1, 2, 3, 3, 3, 4, 5, 6, 6, 7, 7, 8, 9, 10]
# The statuses that each kind may have.
ALLOWED = {0: {200}, 1: {422}, 2: {422}, 3: {400}, 4: {504}, 5: {504, 422}, 6: {200}, 7: {200}, 8: {200}, 9: {413}, 10: {422}}


class Torture:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.lock = threading.Lock()
        self.counts = {}
        self.wrong = []
        self.stop = threading.Event()
        self.kills = 0

    def start(self, directory):
        """Starts the server."""
        (directory / "predict.py").write_text(CODE)
        settings = {
            "opz_serve": 1,
            "name": "m",
            "model": str(directory),
            "worker": {"kind": "python", "command": [sys.executable, "-m", "opz_worker"], "path": os.path.abspath(self.options.files), "predict": str(directory / "predict.py")},
            "workers": {"count": self.options.workers, "request_seconds": 2},
        }
        (directory / "serve.json").write_text(json.dumps(settings))
        self.log = open(directory / "log", "wb")
        self.server = subprocess.Popen(
            [self.options.server, "--settings", str(directory / "serve.json"), "--host", "127.0.0.1", "--port", "0"], stderr=self.log
        )
        while True:
            for line in (directory / "log").read_text(errors="replace").splitlines():
                if line.startswith('{"event":"ready"'):
                    self.port = json.loads(line)["port"]
                    return
            if self.server.poll() is not None:
                sys.exit((directory / "log").read_text())
            time.sleep(0.02)

    def client(self, number):
        """Sends one request after the other and compares."""
        own = random.Random(self.options.seed * 1000 + number)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        serial = 0
        while not self.stop.is_set():
            serial += 1
            kind = own.choice(KINDS)
            rows = own.randint(1, 4)
            # Values are never the same twice: quarantine goes by the request's content.
            values = [[number * 10_000_000 + serial * 10 + row, kind] for row in range(rows)]
            body = json.dumps({"inputs": [{"name": "x", "datatype": "FP64", "shape": [rows, 2], "data": values}]})
            killed = self.kills
            try:
                connection.request("POST", "/v2/models/m/infer", body)
                response = connection.getresponse()
                status, text = response.status, response.read()
            except Exception as failure:
                self.note(f"client {number}: {type(failure).__name__}: {failure}")
                connection.close()
                continue
            self.check(kind, values, status, text, killed)

    def check(self, kind, values, status, text, killed):
        with self.lock:
            self.counts[status] = self.counts.get(status, 0) + 1
        if status == 200:
            data = json.loads(text)["outputs"][0]["data"]
            if data != [value * 2 + 1 for value, _ in values]:
                self.note(f"wrong answer {data[:4]} for {values[:4]}")
        allowed = set(ALLOWED[kind])
        if self.kills != killed:
            # The kernel's signal came from here: a request that it met twice looks as if it had ended the worker.
            allowed |= {422}
        if status == 429 or status in allowed or (status == 503 and not self.is_ready()):
            return
        self.note(f"kind {kind}: {status} {text[:200]!r}")

    def is_ready(self):
        """What the server says of itself: it refuses only while it says that it cannot serve."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/v2/health/ready")
        return connection.getresponse().status == 200

    def note(self, text):
        with self.lock:
            self.wrong.append(text)

    def killer(self):
        """Ends a worker now and then."""
        seen = {}
        while not self.stop.is_set():
            time.sleep(self.random.uniform(0.2, 3))
            # Those that serve: one that is killed while it loads only makes the next start wait longer.
            now = time.monotonic()
            seen = {pid: seen.get(pid, now) for pid in self.children()}
            children = [pid for pid, since in seen.items() if now - since > 2]
            if children:
                self.kills += 1
                try:
                    os.kill(self.random.choice(children), self.random.choice([signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM]))
                except ProcessLookupError:
                    pass

    def children(self):
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    fields = open(f"/proc/{name}/stat").read().rpartition(")")[2].split()
                    if int(fields[1]) == self.server.pid:
                        found.append(int(name))
                except OSError:
                    pass
        return found

    def memory(self):
        return int(open(f"/proc/{self.server.pid}/statm").read().split()[1]) * 4096

    def run(self):
        """Runs for the time that is asked, and says what was wrong."""
        with tempfile.TemporaryDirectory() as place:
            self.start(pathlib.Path(place))
            threads = [threading.Thread(target=self.client, args=(number,)) for number in range(self.options.clients)]
            threads.append(threading.Thread(target=self.killer))
            for thread in threads:
                thread.start()
            end = time.monotonic() + 60 * self.options.minutes
            after = None
            while time.monotonic() < end and self.server.poll() is None:
                time.sleep(min(5, max(0, end - time.monotonic())))
                after = after or self.memory()
            last = self.memory() if self.server.poll() is None else 0
            self.stop.set()
            for thread in threads:
                thread.join()
            if self.server.poll() is not None:
                self.note(f"the server ended with {self.server.poll()}: {open(os.path.join(place, 'log'), errors='replace').read()[-2000:]}")
            self.server.terminate()
            if self.server.wait(40) != 0:
                self.note("the server did not end with 0")
        if after and last > after + (64 << 20):
            self.note(f"the server grew from {after >> 20} to {last >> 20} MiB")
        print(f"seed {self.options.seed}: {sum(self.counts.values())} answers {dict(sorted(self.counts.items()))}, {self.kills} kills, server {last >> 20} MiB")
        kinds = {}
        for text in self.wrong:
            kinds.setdefault(re.sub(r"\d{4,}", "N", text), []).append(text)
        for same in sorted(kinds.values(), key=len, reverse=True)[:20]:
            print(f"FAIL  {same[0]}  ({len(same)} times)")
        print(f"{len(self.wrong)} wrong")
        return 1 if self.wrong else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("files")
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    sys.exit(Torture(parser.parse_args()).run())


if __name__ == "__main__":
    main()
