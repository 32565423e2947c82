"""An API of plumber, the R package, as process 1 of its image: scripts/test-peers plumber.

usage: plumber.py OPZ ROOTFS.tar DIR    ROOTFS.tar is a Debian with r-base-core and r-cran-plumber, DIR an empty directory

Needs root: the image's files become the root of a process that is the first of its namespace, as in a container.
"""
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.request

PROJECT = """opz: 1
name: {name}
model: {{path: model.rds}}
runtime: {{kind: r, base: "oci:../base:1", command: {command}, expose: [8000], init: {init}}}
code: [plumber.R, run.R]
"""
API = """#* @get /health
function() list(ok = TRUE)
"""
RUN = """library(plumber)
plumb("/app/plumber.R")$run(host = "127.0.0.1", port = as.integer(Sys.getenv("PORT")))
"""


def layout(files, directory):
    """An OCI layout of a root file system."""
    def put(data):
        digest = hashlib.sha256(data).hexdigest()
        (directory / "blobs/sha256" / digest).write_bytes(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    def document(kind, value):
        return {"mediaType": f"application/vnd.oci.image.{kind}.v1+json", **put(json.dumps(value).encode())}

    (directory / "blobs/sha256").mkdir(parents=True)
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", **put(files.read_bytes())}
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    config = document("config", {
        "architecture": machine, "os": "linux", "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}})
    manifest = document("manifest", {"schemaVersion": 2, "config": config, "layers": [layer]})
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "1"}
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def unpack(image, root):
    """The files of an image whose layers remove nothing; its command."""
    def blob(descriptor):
        return image / "blobs" / descriptor["digest"].replace(":", "/")

    manifest = json.loads(blob(json.loads((image / "index.json").read_text())["manifests"][0]).read_text())
    root.mkdir()
    for layer in manifest["layers"]:
        subprocess.run(["tar", "-xf", blob(layer), "-C", root], check=True, stderr=subprocess.DEVNULL)
    config = json.loads(blob(manifest["config"]).read_text())["config"]
    return config.get("Entrypoint", []) + config.get("Cmd", [])


def start(root, command, port):
    """The server as the first process of a namespace, and its process number outside."""
    script = 'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" "$@"'
    outer = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, root, "/usr/bin/env", "-i",
         "PATH=/usr/local/bin:/usr/bin:/bin", f"PORT={port}", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                assert json.load(answer) == {"ok": [True]}
            return outer, int(subprocess.run(["pgrep", "-P", str(outer.pid)], capture_output=True, text=True).stdout.split()[0])
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{command} does not answer")


def ends(outer):
    """Whether the server ends within 5 seconds."""
    try:
        outer.wait(5)
        return True
    except subprocess.TimeoutExpired:
        outer.kill()
        outer.wait()
        return False


def main():
    opz, files, work = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(work), "OPZ_REGISTRY": str(work / "registry")}
    layout(files, work / "base")
    cases = [
        ("direct", "[Rscript, /app/run.R]", "true", True), ("shell", '[sh, -c, "Rscript /app/run.R"]', "true", True),
        ("without", "[Rscript, /app/run.R]", "false", False),
    ]
    wrong = 0
    for number, (name, command, init, wanted) in enumerate(cases):
        project = work / name
        project.mkdir()
        for file, text in {"plumber.R": API, "run.R": RUN, "model.rds": "", "opz.yaml": PROJECT.format(
                name=name, command=command, init=init)}.items():
            (project / file).write_text(text)
        subprocess.run(
            [opz, "package", project, "--quiet", "--output", f"oci:{work}/{name}-image:1"], env=environment, check=True,
            stdout=subprocess.DEVNULL)
        words = unpack(work / f"{name}-image", work / f"{name}-root")
        outer, first = start(work / f"{name}-root", words, 20800 + os.getpid() % 10000 + number)
        os.kill(first, signal.SIGTERM)
        has_ended = ends(outer)
        verdict = "ok   " if has_ended == wanted else "FAIL "
        wrong += has_ended != wanted
        print(f"{verdict} {' '.join(words)}: {'ends by' if has_ended else 'ignores'} SIGTERM as process 1")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
