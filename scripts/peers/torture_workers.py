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
class Broken:
    def __array__(self, *a, **k): raise RuntimeError("no array")
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
    if (what == 11).any(): sys.exit(3)
    if (what == 12).any(): return {"prediction\\udcff": frame[:, 0]}
    if (what == 13).any(): return Broken()
    return frame[:, 0] * 2 + 1
"""
R_CODE = """
kept <- list()
predict <- function(frame) {
  x <- frame[[1]]; what <- frame[[2]]
  if (any(what == 1)) tools::pskill(Sys.getpid(), 6)
  if (any(what == 2)) tools::pskill(Sys.getpid(), 11)
  if (any(what == 3)) stop(structure(class = c("bad_input", "error", "condition"), list(message = "refused", call = NULL)))
  if (any(what == 4)) Sys.sleep(60)
  if (any(what == 5)) repeat tryCatch(Sys.sleep(60), interrupt = function(condition) NULL)
  if (any(what == 6)) cat(strrep("x", 100000), "\\n")
  if (any(what == 7)) system("sleep 3 &")
  if (any(what == 8)) kept[[length(kept) + 1]] <<- numeric(2^21)
  if (any(what == 9)) return(list(prediction = matrix(0, length(x), 2^21 + 1)))
  if (any(what == 10)) quit(status = 3, save = "no")
  if (any(what == 11)) stop(rawToChar(as.raw(c(0x61, 0xff))))
  if (any(what == 12)) return(list(a = x, a = x))
  if (any(what == 13)) return(globalenv())
  x * 2 + 1
}
"""
# What a client sends: 0 most of the time. Those that end a worker are rare, because each takes its answer from nobody but itself.
KINDS = [0] * 400 + [1, 2, 3, 3, 3, 4, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13]
# The statuses that each kind may have.
ALLOWED = {0: {200}, 1: {422}, 2: {422}, 3: {400}, 4: {504}, 5: {504, 422}, 6: {200}, 7: {200}, 8: {200}, 9: {413, 504}, 10: {422}}
ALLOWED |= {11: {500}, 12: {500}, 13: {500}}
# Requests that each end two workers, one after the other: so many starts in a row once made the server end.
POISON = 8


class Torture:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.lock = threading.Lock()
        self.counts = {}
        self.wrong = []
        self.stop = threading.Event()
        self.kills = 0
        self.unready = 0
        self.most = 0

    def start(self, directory):
        """Starts the server."""
        kind = self.options.language
        file, code, command = {
            "python": ("predict.py", CODE, [sys.executable, "-m", "opz_worker"]),
            "r": ("predict.R", R_CODE, ["Rscript", "--vanilla"]),
        }[kind]
        (directory / file).write_text(code)
        settings = {
            "opz_serve": 1,
            "name": "m",
            "model": str(directory),
            "worker": {"kind": kind, "command": command, "path": os.path.abspath(self.options.files), "predict": str(directory / file)},
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
                time.sleep(0.1)
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

    def ask(self, values, timeout=60):
        """One request of a connection of its own: its status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        data = {"name": "x", "datatype": "FP64", "shape": [len(values), 2], "data": values}
        connection.request("POST", "/v2/models/m/infer", json.dumps({"inputs": [data]}))
        response = connection.getresponse()
        response.read()
        return response.status

    def watcher(self):
        """A server that says that it is ready answers: within the time that a worker that was just killed takes to load."""
        number = 0
        while not self.stop.is_set():
            time.sleep(0.1)
            number += 1
            if not self.is_ready():
                self.unready += 1
                continue
            try:
                status = self.ask([[9e15 + number, 0]])
            except Exception as failure:
                self.note(f"ready, and then: {type(failure).__name__}: {failure}")
                continue
            if status not in (200, 422, 429) and (status != 503 or self.is_ready()):
                self.note(f"ready, and then {status}")

    def poison(self):
        """Requests that end workers, and nothing else: the server goes on."""
        try:
            for number in range(POISON):
                status = self.ask([[8e15 + number, 1 + number % 2]])
                if status != 422:
                    self.note(f"poison: {status}")
            if self.ask([[8e15 + POISON, 0]]) != 200:
                self.note("after poison, nothing is answered")
        except Exception as failure:
            self.note(f"poison: {type(failure).__name__}: {failure}")

    def rest(self):
        """When no request is left, the queue is empty, and no descriptor is left of workers that ended."""
        limit = time.monotonic() + 30
        while time.monotonic() < limit:
            waiting, running = self.metric("opz_queue_requests"), self.metric("opz_requests_in_flight")
            alive, descriptors = self.metric("opz_worker_alive"), self.descriptors()
            if (waiting, running, alive) == (0, 0, self.options.workers) and descriptors <= self.most:
                return
            time.sleep(0.2)
        self.note(f"at the end {waiting} wait, {running} run, {alive} workers live, {descriptors} descriptors of {self.most}")

    def metric(self, name):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        return float(re.search(rf"^{name} (.*)$", text, re.M).group(1))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

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
            while self.metric("opz_worker_alive") < self.options.workers:
                time.sleep(0.05)
            # One that is accepted, and some that the kernel or the library keeps.
            self.most = self.descriptors() + 6
            self.poison()
            threads = [threading.Thread(target=self.client, args=(number,)) for number in range(self.options.clients)]
            threads += [threading.Thread(target=self.killer), threading.Thread(target=self.watcher)]
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
            if self.server.poll() is None:
                self.rest()
            else:
                self.note(f"the server ended with {self.server.poll()}: {open(os.path.join(place, 'log'), errors='replace').read()[-2000:]}")
            self.server.terminate()
            if self.server.wait(40) != 0:
                self.note("the server did not end with 0")
        if after and last > after + (64 << 20):
            self.note(f"the server grew from {after >> 20} to {last >> 20} MiB")
        print(f"seed {self.options.seed}: {sum(self.counts.values())} answers {dict(sorted(self.counts.items()))}, {self.kills} kills, {self.unready} times not ready, server {last >> 20} MiB")
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
    parser.add_argument("--language", choices=["python", "r"], default="python")
    sys.exit(Torture(parser.parse_args()).run())


if __name__ == "__main__":
    main()
