"""Runs every example of every help of opz, each in a copy of a directory that has what the examples name.

Arguments: opz, opz-server, a registry's HOST:PORT, the directory of uv and kubectl, a directory to work in. The
variables of kubectl and a database of MLflow (mlflow.db, with its artifacts) are the caller's. Prints what fails.
"""

import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys

OPZ, SERVER, HOST, TOOLS, WORK = sys.argv[1:]
CHURN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../examples/churn")

# Exit codes of what cannot succeed here: a prompt needs a terminal, and a layout another machine.
OTHERS = {
    "opz login registry.example": 64,
    "opz runtime import oci:runtime-arm64": 2,
    # No such database server.
    "opz sql install churn@1.0.0 --database postgresql://scoring@db.example/crm --table customers --name churn_score": 6,
    "opz sql install churn@1.2.0 --database postgresql://scoring@db.example/crm --table customers --name churn_score": 6,
    "opz sql status --database postgresql://scoring@db.example/crm": 6,
    "opz sql rollback --database postgresql://scoring@db.example/crm --name churn_score": 6,
    "opz sql uninstall --database postgresql://scoring@db.example/crm --name churn_score": 6,
    'opz score churn@1.0.0 --database postgresql://scoring@db.example/crm --query "SELECT * FROM customers" --key id'
    " --into scores --follow": 6,
    "opz sql verify churn@1.0.0 --database postgresql://scoring@db.example/crm --table customers": 6,
    "opz sql check churn@1.0.0 --database postgresql://scoring@db.example/crm --table customers": 6,
}
# These run until they are interrupted.
ENDLESS = ("opz serve ", "opz registry serve ")
# What an example needs besides the common directory, by its first words.
PREPARATIONS = [
    ("opz package", "rm -rf registry"),
    (
        "opz sql churn@1.0.0 --dialect sqlite --features",
        "echo 'SELECT c.* FROM customers AS c' > features.sql",
    ),
    ("opz init my-model", "rm -rf registry"),
    ("opz init DIR", "mkdir DIR && cp model/model.json DIR/"),
    ("opz package DIR", "mkdir DIR && cp model/model.json DIR/ && opz init DIR"),
    ("opz rollback churn --deploy", "for v in 1.0.0 1.1.0; do opz deploy churn@$v --apply; done"),
    (
        "opz deploy churn@1.1.0 --beside",
        f"opz package examples/churn --version 1.1.0 --set env.RELEASE=v1.1.0 --set push.to={HOST}/crm/churn"
        " --set 'deploy.rollout={strategy: canary, weight: 10, gateway: default/web}'",
    ),
    ("opz tag churn@1.2.0 --remove", "opz tag churn@1.2.0 reviewed=yes"),
    ("opz verify churn@1.2.0", "opz sign churn@1.2.0 --key release.key"),
    (
        "opz verify churn@production",
        "opz attest churn@production --type slsaprovenance --predicate provenance.json --key release.key",
    ),
    ("opz verify ./model", "opz sign ./model --key release.key --output model/model.sig"),
    ("opz sign --generate-key", "rm release.*"),
    ("opz alias churn production", "opz alias churn production 1.2.0"),
    ("opz rollback churn --alias", "opz alias churn production 1.2.0"),
    ("opz lock .", "cd py"),
    ("opz lock . --", "opz lock ."),
    ("opz plan .", "cd examples/churn"),
    ("opz serve .", "cd own && export VIRTUAL_ENV=" + os.path.dirname(TOOLS)),
    (
        "opz serve --models",
        "mkdir -p models/churn/1 && cp model.json models/churn/1/ && rm token && umask 077 && echo 0123456789abcdef > token",
    ),
    ("opz registry serve --registry", "mkdir rehearsal && rmdir rehearsal"),
    ("opz resolve -f k8s --check", "opz resolve -f k8s --in-place"),
]

COMMON = f"""
mkdir -p examples own model py/wheels mnt/copy home
cp -r '{CHURN}' examples/
mkdir my-model && cp examples/churn/model.json examples/churn/holdout.csv examples/churn/expected.csv my-model/
cp examples/churn/model.json model/
sed 's/"account_length"/"age"/' examples/churn/model.json > model.json
cp examples/churn/holdout.csv rows.csv
sed '1s/account_length/customer_age/' rows.csv | gzip > rows.csv.gz
echo 'def load(directory): return 1
def predict(rows): return [1 for row in rows]' > own/predict.py
echo '{{}}' > own/weights.json && opz init own
for v in 1.0.0 1.1.0 1.1.9 1.2.0; do
  opz package examples/churn --version $v --set env.RELEASE=v$v --set push.to={HOST}/crm/churn --quiet
  opz push churn@$v --quiet
done
opz alias churn champion 1.1.0
opz alias churn production 1.1.0
opz sign --generate-key release
opz sign --generate-key ann
opz deploy churn@1.0.0 --output k8s
mkdir base base/root base/root/bin base/root/lib && echo m > base/m
echo python > base/root/bin/python3.11 && echo 'GNU C Library stable release version 2.36.' > base/root/lib/libc.so.6
echo '{{opz: 1, name: base, model: {{path: m}}, files: [{{path: root, to: /}}],
  runtime: {{kind: custom, base: scratch, command: [python3]}}}}' > base/opz.yaml
opz package base --output oci:python --push {HOST}/base:1
opz copy {HOST}/base:1 {HOST}/python --tag 3.12.8
cp base/m py/m && printf 'numpy\\nscipy\\n' > py/requirements.txt
printf 'no-index = true\\nfind-links = ["wheels"]\\n' > py/uv.toml
echo '{{opz: 1, name: scorer, model: {{path: m}},
  runtime: {{kind: python, base: "oci:../python", command: [python3]}}}}' > py/opz.yaml
opz lock py && opz package py
"""

FILES = {
    "token": "token\n",
    "MODEL_CARD.md": "# Churn\n",
    "provenance.json": "{}\n",
    "trivy.sarif": '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Trivy"}}, "results": []}]}\n',
    "faults.yaml": "faults:\n  - fault: cut\n",
    "values.yaml": f"image:\n  repository: {HOST}/crm/churn\n  tag: 1.0.0\n",
}


def classifier(path):
    """Writes an ONNX model with one input, age, and a label: protobuf by hand (onnx.proto)."""

    def field(number, value):
        if isinstance(value, int):
            return varint(number << 3) + varint(value)
        if isinstance(value, float):
            return varint(number << 3 | 5) + struct.pack("<f", value)
        data = value.encode() if isinstance(value, str) else value
        return varint(number << 3 | 2) + varint(len(data)) + data

    def varint(value):
        data = b""
        while value > 127:
            data += bytes([value & 127 | 128])
            value >>= 7
        return data + bytes([value])

    def attribute(name, kind, number, values):
        return field(5, field(1, name) + b"".join(field(number, value) for value in values) + field(20, kind))

    def value(name, kind, *dimensions):
        shape = field(1, field(2, "N")) + b"".join(field(1, field(1, size)) for size in dimensions)
        return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))

    node = field(1, "age") + field(2, "label") + field(2, "scores") + field(4, "LinearClassifier")
    node += attribute("coefficients", 6, 7, [-1.0, 1.0]) + attribute("intercepts", 6, 7, [40.0, -40.0])
    node += attribute("classlabels_ints", 7, 8, [0, 1]) + attribute("post_transform", 3, 4, ["SOFTMAX"])
    node += attribute("multi_class", 2, 3, [0]) + field(7, "ai.onnx.ml")
    graph = field(1, node) + field(2, "g") + field(11, value("age", 1, 1))
    graph += field(12, value("label", 7)) + field(12, value("scores", 1, 2))
    opsets = field(8, field(1, "") + field(2, 17)) + field(8, field(1, "ai.onnx.ml") + field(2, 3))
    with open(path, "wb") as file:
        file.write(field(1, 8) + field(7, graph) + opsets)


def database(path, rows):
    """Writes a database with a table of customers."""
    import csv, sqlite3

    def cell(text):
        try:
            return float(text) if text else None
        except ValueError:
            return text

    with open(rows, newline="") as file:
        names, *table = csv.reader(file)
    columns = ", ".join('"customer_age"' if name == "account_length" else f'"{name}"' for name in names)
    with sqlite3.connect(path) as made:
        made.execute(f"CREATE TABLE customers (id INTEGER PRIMARY KEY, {columns})")
        made.executemany(
            f"INSERT INTO customers VALUES (NULL{', ?' * len(names)})", [[cell(text) for text in row] for row in table[:100]])
    made.close()


def wheel(directory, name):
    import base64, hashlib, zipfile

    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": b"",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        record += f"{path},sha256={digest},{len(content)}\n"
    with zipfile.ZipFile(f"{directory}/{name}-1.0-py3-none-any.whl", "w") as made:
        for path, content in files.items():
            made.writestr(path, content)
        made.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")


def run(script, directory, endless=False):
    """The exit code, with what was said."""
    environment = dict(os.environ)
    environment.update(
        PATH=f"{WORK}/bin:{TOOLS}:/usr/local/bin:/usr/bin:/bin", HOME=f"{directory}/home",
        OPZ_REGISTRY=f"{directory}/registry", OPZ_SERVER=SERVER, OPZ_UV=f"{TOOLS}/uv", UV_OFFLINE="1",
        UV_PYTHON=f"{TOOLS}/python",
    )
    process = subprocess.Popen(
        ["bash", "-ec", script], cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=10 if endless else 300)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        if endless:
            return 0, said
    return process.returncode, said


def examples():
    help = json.loads(subprocess.run([OPZ, "--experimental-dump-help"], capture_output=True, check=True).stdout)
    waiting, found = [help["command"]], {}
    while waiting:
        command = waiting.pop(0)
        for line in (command.get("discussion") or "").split("\n"):
            if line.strip().startswith(("opz ", "helm ")):
                found[line.strip()] = None
        waiting += command.get("subcommands", [])
    return list(found)


def command(example, directory):
    """What the shell runs: without its explanation, and without programs that are not here."""
    text = re.sub(r" {3,}.*$", "", example)
    text = re.sub(r" (&& docker|\| docker|\| kubectl) .*$", "", text).replace("docker-archive:/dev/stdout", "docker-archive:out.tar")
    text = text.replace("helm template .", "cat k8s/deployment.yaml")
    for name in ("registry.example", "dev.example", "prod.example", "docker.io", "HOST"):
        text = text.replace(name, HOST)
    text = text.replace("HASH", "$(opz history churn --json | jq -r '.[0].hash')")
    text = re.sub(r"(?<!\S)(/usr/local/bin|\.build/dist)/opz-server", SERVER, text)
    text = text.replace("/srv/mlflow/", f"{directory}/").replace("/mnt/copy", "mnt/copy")
    text = text.replace("/tmp/rehearsal", "rehearsal").replace("127.0.0.1:5000", "127.0.0.1:0").replace("--port 8080", "--port 0")
    return text.replace("2026-05-03T14:02Z", "$(date -u +%Y-%m-%dT%H:%M:%SZ)")


def main():
    os.makedirs(f"{WORK}/bin")
    os.symlink(OPZ, f"{WORK}/bin/opz")
    common = f"{WORK}/common"
    for name, text in FILES.items():
        with open(f"{common}/{name}", "w") as file:
            file.write(text)
    with open(f"{common}/model.safetensors", "wb") as file:
        head = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
        file.write(len(head).to_bytes(8, "little") + head + bytes(4))
    classifier(f"{common}/model.onnx")
    os.makedirs(f"{common}/py/wheels")
    for name in ("numpy", "scipy"):
        wheel(f"{common}/py/wheels", name)
    code, said = run(COMMON, common)
    if code != 0:
        sys.exit(f"the directory could not be made: {code}\n{said.decode()[-3000:]}")
    database(f"{common}/crm.db", f"{common}/rows.csv")
    failed = 0
    only = os.environ.get("ONLY", "")
    found = examples()
    for number, example in enumerate(found):
        if only not in example:
            continue
        # A copy of the same length as the original: the database of MLflow has its path.
        directory = f"{WORK}/{number:06}"
        shutil.copytree(common, directory, symlinks=True)
        with open(f"{directory}/mlflow.db", "r+b") as file:
            content = file.read().replace(common.encode(), directory.encode())
            file.seek(0)
            file.write(content)
        before = "\n".join(script for start, script in PREPARATIONS if example.startswith(start))
        code, said = run(f"{before}\n{command(example, directory)}", directory, example.startswith(ENDLESS))
        shutil.rmtree(directory)
        wanted = OTHERS.get(example, 0)
        if code != wanted:
            failed += 1
            print(f"{example}\nexit code {code}, not {wanted}: {said.decode(errors='replace')[-600:]}\n")
    print(f"{len(found)} examples, {failed} failed")
    sys.exit(1 if failed or len(found) < 100 else 0)


main()
