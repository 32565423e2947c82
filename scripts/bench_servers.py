"""The servers of scripts/bench-serving: opz-server, the constant ones, and those of other projects."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    """A process with all that it starts, on one processor where one is named."""

    def __init__(self, command, processor=None, **options):
        pin = ["taskset", "-c", str(processor)] if processor is not None else []
        self.started = time.monotonic()
        self.process = subprocess.Popen([*pin, *map(str, command)], start_new_session=True, **options)

    def processes(self):
        """Their fields of /proc/PID/stat from the state on: of its session, and what any of it has started."""
        every = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                every[int(entry.parent.name)] = entry.read_text().rsplit(") ", 1)[1].split()
            except OSError:
                continue
        mine = {pid for pid, fields in every.items() if int(fields[3]) == self.process.pid}
        while more := {pid for pid, fields in every.items() if int(fields[1]) in mine} - mine:
            mine |= more
        return [(pid, every[pid]) for pid in mine]

    def processor_seconds(self):
        """Of all of them, also of those that have ended."""
        return sum(sum(map(int, fields[11:15])) for _, fields in self.processes()) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """MiB that they hold; pages that several share count in parts."""
        total = 0
        for pid, _ in self.processes():
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        return total / 1024

    def wait(self, path, seconds=180):
        """Until a path answers."""
        while time.monotonic() - self.started < seconds:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return self
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.002)
        sys.exit(f"{self.process.args} did not start")

    def ask(self, work):
        """One answer over HTTP/1.1."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", work.path, work.body, work.headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"{response.status}: {body[:500]}")
        return json.loads(body)

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Opz(Server):
    """opz-server: of a native model, or of a worker where settings name one."""

    def __init__(self, program, model=None, settings=None, processor=None, **environment):
        options = ["--settings", settings] if settings else ["--model", model, "--name", "m"]
        super().__init__(
            [program, *options, "--host", "127.0.0.1", "--port", "0"], processor, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **environment})
        line = next((line for line in self.process.stderr if '"event":"ready"' in line), None)
        if line is None:
            sys.exit("opz-server did not start")
        self.ready = json.loads(line)
        self.port = self.ready["port"]

    def check(self):
        """Requests were answered, but for those that h2load left at its end: over gRPC a status of HTTP says nothing."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        failed, answered = (
            sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))
            for name in ("opz_inference_errors_total", "opz_inference_duration_seconds_count"))
        if failed > answered / 100:
            sys.exit(f"{failed:.0f} of {answered:.0f} inferences failed")


class Constant(Server):
    """Answers every request with the same bytes, on the libraries that opz-server has."""

    def __init__(self, program, protocol, answer, directory, processor=None):
        path = pathlib.Path(directory, f"constant-{protocol}")
        path.write_bytes(answer)
        super().__init__([program, protocol, path], processor, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def check(self):
        pass


# Other projects' servers, each with one process that computes, as their first pages say. All import `scores` of model.py: from a list
# of rows to a list of rows.

SCORES = {
    "forest": """
import joblib, numpy
model = joblib.load("model.joblib")
def scores(rows):
    return model.predict_proba(numpy.asarray(rows))
""",
    "churn": """
import numpy, xgboost
model = xgboost.Booster(model_file="model.json")
model.set_param({"nthread": 1})
types = model.feature_types
def scores(rows):
    matrix = xgboost.DMatrix(numpy.asarray(rows, "float32"), feature_names=model.feature_names, feature_types=types, enable_categorical=True)
    return model.predict(matrix)
""",
}
FASTAPI = """
from fastapi import FastAPI
from model import scores
app = FastAPI()
@app.post("/predict")
def predict(rows: list[list[float]]) -> list:
    return scores(rows).tolist()
"""
BENTOML = """
import bentoml
@bentoml.service(workers=1)
class Model:
    def __init__(self):
        from model import scores
        self.scores = scores
    @bentoml.api
    def predict(self, rows: list[list[float]]) -> list:
        return self.scores(rows).tolist()
"""
LITSERVE = """
import sys
import litserve
class Model(litserve.LitAPI):
    def setup(self, device):
        from model import scores
        self.scores = scores
    def decode_request(self, request):
        return request["rows"]
    def predict(self, rows):
        return self.scores(rows)
    def encode_response(self, answer):
        return answer.tolist()
if __name__ == "__main__":
    litserve.LitServer(Model(), accelerator="cpu", workers_per_device=1).run(port=int(sys.argv[1]), log_level="error", generate_client_file=False)
"""
MLSERVER = """
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse
class Model(MLModel):
    async def load(self):
        from model import scores
        self.scores = scores
        return True
    async def predict(self, payload):
        answer = self.scores(NumpyCodec.decode_input(payload.inputs[0]))
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("scores", answer)])
"""


class Peer(Server):
    """A server of another project.

    - python: an environment with it.
    - directory: has the model's file.
    """

    def __init__(self, kind, python, directory, model):
        self.port = free_port()
        (directory / "model.py").write_text(SCORES[model])
        command = getattr(self, kind)(python, directory, model)
        # xgboost's and scikit-learn's threads would take the processors from each other.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "BENTOML_DO_NOT_TRACK": "1", "PATH": f"{python.parent}:{os.environ['PATH']}"}
        super().__init__(command, cwd=directory, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait({"fastapi": "/openapi.json", "bentoml": "/readyz", "litserve": "/health", "mlserver": "/v2/models/m/ready"}[kind])

    def fastapi(self, python, directory, model):
        (directory / "app.py").write_text(FASTAPI)
        return [python, "-m", "uvicorn", "app:app", "--port", self.port, "--log-level", "error"]

    def bentoml(self, python, directory, model):
        (directory / "service.py").write_text(BENTOML)
        return [python, "-m", "bentoml", "serve", "service:Model", "--port", self.port]

    def litserve(self, python, directory, model):
        (directory / "serve.py").write_text(LITSERVE)
        return [python, "serve.py", self.port]

    def mlserver(self, python, directory, model):
        """MLServer's own runtime for scikit-learn; categories of XGBoost need a few lines."""
        (directory / "runtime.py").write_text(MLSERVER)
        (directory / "settings.json").write_text(json.dumps({
            "host": "127.0.0.1", "http_port": self.port, "grpc_port": free_port(), "metrics_port": free_port(), "debug": False,
            # Its worker processes do not start with the uvloop of today.
            "parallel_workers": 0}))
        of = {"forest": ("mlserver_sklearn.SKLearnModel", "./model.joblib"), "churn": ("runtime.Model", "./model.json")}[model]
        (directory / "model-settings.json").write_text(json.dumps({"name": "m", "implementation": of[0], "parameters": {"uri": of[1]}}))
        return [python.with_name("mlserver"), "start", "."]
