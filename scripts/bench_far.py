"""bench-transfer's part over a long line: docker-registry behind far_line.FarLine.

    python3 scripts/bench_far.py OPZ [--rtt MS] [--tls]

counts the round trips of a push to an empty registry, of the same push again and of a pull, with OPZ, of a small version with a record,
a signature and a bill of materials, and prints them: {"push": {"steps": 9, "log": [..], ..}, "again": {..}, "pull": {..}}. With --tls
the registry speaks TLS and wants tokens.
"""

import argparse
import base64
import http.server
import json
import os
import shutil
import socket
import ssl
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

from bench_tools import QUIET, measured
from far_line import FarLine

MIB = 1 << 20
# opz package joins smaller files into one layer.
LAYER = 64 * MIB


class Secure:
    """A certificate for an address of this machine, and a token server whose tokens a registry accepts."""

    def __init__(self, directory, address):
        self.directory, self.address = directory, address
        directory.mkdir()
        self.key, self.certificate = directory / "key.pem", directory / "certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bench", "-addext",
             f"subjectAltName=IP:{address}", "-keyout", self.key, "-out", self.certificate], check=True, **QUIET)
        secure = self
        self.chain = base64.b64encode(ssl.PEM_cert_to_DER_cert(self.certificate.read_text())).decode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                scopes = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("scope", [])
                body = json.dumps({"token": secure.token(scopes), "expires_in": 300}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def token(self, scopes):
        now, part = int(time.time()), lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
        access = [{"type": kind, "name": name, "actions": actions.split(",")} for kind, name, actions in (s.split(":") for s in scopes)]
        claims = {"iss": "bench", "sub": "x", "aud": "bench", "exp": now + 300, "nbf": now - 9, "iat": now, "jti": "x", "access": access}
        head = {"typ": "JWT", "alg": "RS256", "x5c": [self.chain]}
        text = part(json.dumps(head).encode()) + b"." + part(json.dumps(claims).encode())
        signed = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.key], input=text, check=True, stdout=subprocess.PIPE).stdout
        return (text + b"." + part(signed)).decode()

    def config(self, port):
        """What docker-registry's configuration needs for TLS and tokens; `port` is the token server's on the line."""
        return (f"  tls: {{certificate: {self.certificate}, key: {self.key}}}\n"
                f"auth: {{token: {{realm: \"https://{self.address}:{port}/token\", service: bench, issuer: bench, "
                f"rootcertbundle: {self.certificate}}}}}\n")


def own_address():
    """An address of this machine that is not its loopback's; None without one. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


class FarRegistry:
    """docker-registry with an empty storage of its own, at the end of a line."""

    def __init__(self, directory, line, secure=None):
        self.directory = directory
        directory.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        text = (f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
                f"storage: {{filesystem: {{rootdirectory: {directory}/data}}}}\nhttp:\n  addr: 127.0.0.1:{port}\n")
        text += secure.config(line.to(secure.port)) if secure else ""
        (directory / "config.yml").write_text(text)
        self.process = subprocess.Popen(["docker-registry", "serve", directory / "config.yml"], **QUIET)
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.01)
        self.host = f"{line.address}:{line.to(port)}"
        line.taken()

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory)


class Far:
    def __init__(self, work, opz, rounds):
        self.work, self.opz, self.rounds = work / "far", opz, rounds
        self.work.mkdir()
        self.counter = 0
        self.crane = shutil.which("crane")

    def package(self, name, layers):
        """A version and the OCI layout of its image; small and with a signature and a bill of materials, or of random layers."""
        project = self.work / name
        (project / "model").mkdir(parents=True)
        (project / "opz.yaml").write_text(f"opz: 1\nname: {name}\nversion: 1.0.0\nmodel: {{path: model}}\nruntime: {{kind: model}}\n")
        for number in range(max(layers, 1)):
            with open(project / "model" / f"weights{number}.bin", "wb") as file:
                for _ in range(LAYER // MIB if layers else 1):
                    file.write(os.urandom(MIB if layers else 200_000))
        registry = ["--registry", self.work / "registry", "--quiet"]
        run = lambda *words: subprocess.run([self.opz, *words, *registry], check=True, **QUIET, cwd=self.work)
        run("package", project, "--output", f"oci:{self.work}/{name}-layout:1")
        if not layers:
            subprocess.run([self.opz, "sign", "--generate-key", "release"], check=True, **QUIET, cwd=self.work)
            run("sign", f"{name}@1.0.0", "--key", "release.key", "--identity", "registry.example/x")
            run("sbom", f"{name}@1.0.0", "--attach")
        shutil.rmtree(project)

    def tools(self, name, host, plain):
        """The commands of each tool: push, which is also the one that repeats it, and pull."""
        layout, own = f"oci:{self.work}/{name}-layout:1", ["--registry", self.work / "registry", "--quiet"]
        self.counter += 1
        target = self.work / f"got{self.counter}"
        insecure = [] if not plain else ["--dest-tls-verify=false"], [] if not plain else ["--src-tls-verify=false"]
        tools = {
            "opz": ([self.opz, "push", f"{name}@1.0.0", f"{host}/o/x:1", *own],
                    [self.opz, "pull", f"{host}/o/x:1", "--registry", target, "--quiet"]),
            "skopeo": (["skopeo", "copy", "-q", *insecure[0], layout, f"docker://{host}/s/x:1"],
                       ["skopeo", "copy", "-q", *insecure[1], f"docker://{host}/o/x:1", f"oci:{target}s:1"])}
        if self.crane:
            flags = ["--insecure"] if plain else []
            tools["crane"] = (["crane", "push", *flags, f"{self.work}/{name}-layout", f"{host}/c/x:1"],
                              ["crane", "pull", *flags, "--format=oci", f"{host}/o/x:1", f"{target}c"])
        return tools

    def run(self, title, name, rtt, size=0, secure=False):
        """Pushes to an empty registry, pushes again and pulls, with each tool."""
        found = {}
        for number in range(self.rounds):
            address = own_address() if secure else "127.0.0.1"
            line = FarLine(rtt / 1000, address=address)
            certificates = Secure(self.work / f"secure{number}", address) if secure else None
            environment = {**os.environ, **({"SSL_CERT_FILE": str(certificates.certificate)} if secure else {})}
            peer = FarRegistry(self.work / "peer", line, certificates)
            tools = self.tools(name, peer.host, not secure)
            for step in ("push", "again", "pull"):
                for tool, (push, pull) in tools.items():
                    os.sync()
                    line.taken()
                    seconds = measured(pull if step == "pull" else push, env=environment).seconds
                    found.setdefault((step, tool), []).append((seconds, line.taken()["steps"]))
            peer.stop()
            line.stop()
            for path in [*self.work.glob("got*"), *self.work.glob("secure*")]:
                shutil.rmtree(path)
        self.show(f"{title}, {rtt} ms", found, size)

    def show(self, title, found, size):
        print(f"\n{title:<48}{'seconds':>9}{'of the line':>13}{'round trips':>13}{'skopeo takes':>14}")
        for (step, tool), samples in found.items():
            seconds = statistics.median(seconds for seconds, _ in samples)
            steps = min(steps for _, steps in samples)
            share = f"{size / 125e6 / seconds:.0%}" if size and step != "again" else ""
            ratio = statistics.median(peer[0] / own[0] for own, peer in zip(samples, found[step, "skopeo"]))
            # While much is sent, the count is only the time divided by the round trip.
            print(f"  {step + ', ' + tool:<46}{seconds:>9.2f}{share:>13}{'' if share else steps:>13}{ratio:>13.2f}x")

    def all(self, rtts, layers):
        if not self.crane:
            print("left out: crane (it is not installed)")
        self.package("small", 0)
        for count in layers:
            self.package(f"large{count}", count)
        for rtt in rtts:
            self.run("small version, signed", "small", rtt)
            if own_address():
                self.run("the same with TLS 1.3 and a token", "small", rtt, secure=True)
            else:
                print("left out: TLS (this machine has no address but its loopback's, on which opz speaks plain HTTP)")
            for count in layers:
                self.run(f"{count} layers of {LAYER // MIB} MiB", f"large{count}", rtt, count * LAYER)


def count(work, opz, rtt, tls):
    """The round trips of a push, of the same push again, and of a pull."""
    line = FarLine(rtt / 1000)
    secure = Secure(work / "secure", line.address) if tls else None
    peer = FarRegistry(work / "peer", line, secure)
    try:
        if secure:
            # What makes opz speak TLS to a registry of this machine.
            own = work / ".config" / "containers" / "certs.d" / peer.host
            own.mkdir(parents=True)
            shutil.copy(secure.certificate, own / "ca.crt")
            os.environ["SSL_CERT_FILE"] = str(secure.certificate)
        os.environ["HOME"] = str(work)
        far = Far(work, opz, 1)
        far.package("small", 0)
        push, pull = far.tools("small", peer.host, False)["opz"]
        found = {}
        for step, command in (("push", push), ("again", push), ("pull", pull)):
            line.taken()
            measured(command)
            found[step] = line.taken()
        return found
    finally:
        peer.stop()


def main():
    parser = argparse.ArgumentParser(description="Counts the round trips of a push and a pull.")
    parser.add_argument("opz", type=Path)
    parser.add_argument("--rtt", type=float, default=100, metavar="MS")
    parser.add_argument("--tls", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        print(json.dumps(count(Path(directory), arguments.opz.resolve(), arguments.rtt, arguments.tls)))


if __name__ == "__main__":
    main()
