"""What the benchmarks share: commands that are measured, peers that are started, tables."""

import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.005)
    raise SystemExit(f"error: nothing answers at {url}")


class Sample(NamedTuple):
    """One run of a command."""

    seconds: float
    """Peak resident MiB of the largest process."""
    memory: float
    """Processor seconds, the kernel's with them."""
    cpu: float


def measured(command, **options):
    """What a command costs that must succeed."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, **options)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            log.seek(0)
            raise SystemExit(f"error: {' '.join(map(str, command))}\n{log.read().decode(errors='replace')[-2000:]}")
    return Sample(seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime)


def timed(command, **options):
    """Wall seconds and peak resident MiB (the largest process) of a command that must succeed."""
    return measured(command, **options)[:2]


class Registry:
    """Debian's docker-registry with storage of its own."""

    def __init__(self, directory):
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        directory.mkdir()
        config = directory / "config.yml"
        config.write_text(
            "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
            f"storage: {{filesystem: {{rootdirectory: {directory}/data}}}}\nhttp: {{addr: \"{self.host}\"}}\n"
        )
        self.directory = directory
        self.process = subprocess.Popen(["docker-registry", "serve", str(config)], **QUIET)
        wait_for(f"http://{self.host}/v2/")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory)


class Docker:
    """A docker engine of our own, or None where it does not start."""

    def __init__(self, directory):
        directory.mkdir()
        self.socket = f"unix://{directory}/docker.sock"
        self.process = subprocess.Popen(
            ["dockerd", "--data-root", f"{directory}/data", "--exec-root", f"{directory}/exec", "--pidfile", f"{directory}/pid",
             "-H", self.socket, "--bridge", "none", "--iptables=false"], **QUIET)
        for _ in range(200):
            if self.process.poll() is not None:
                break
            if subprocess.run(self.command("version"), **QUIET).returncode == 0:
                return
            time.sleep(0.1)
        self.stop()
        raise OSError("the docker engine does not start")

    def command(self, *words):
        return ["docker", "-H", self.socket, *words]

    def build(self, directory, tag, *options):
        environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
        command = self.command("build", "-q", "--network", "none", *options, "-t", tag, directory)
        seconds, _ = timed(command, env=environment)
        return seconds, self.peak()

    def peak(self):
        """The engine's own peak, MiB: the client is not where the work is."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        return 0

    def push(self, host, image="weights"):
        subprocess.run(self.command("tag", image, f"{host}/x:1"), check=True, **QUIET)
        seconds, _ = timed(self.command("push", "-q", f"{host}/x:1"))
        return seconds, self.peak()

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Table:
    def __init__(self, title, base):
        self.title, self.base, self.rows = title, base, {}

    def add(self, name, seconds, memory):
        self.rows.setdefault(name, []).append((seconds, memory))

    def show(self):
        base = [seconds for seconds, _ in self.rows[self.base]]
        print(f"\n{self.title:<42}{'seconds':>10}{'ratio':>8}{'peak MiB':>10}")
        for name, samples in self.rows.items():
            times = [seconds for seconds, _ in samples]
            ratio = statistics.median(one / two for one, two in zip(times, base))
            memory = max(memory for _, memory in samples)
            print(f"  {name:<40}{statistics.median(times):>10.2f}{ratio:>8.2f}{memory:>10.0f}")


def binaries():
    """The directory with opz and opz-server: OPZ_BENCH_BIN, else what scripts/build-release makes."""
    named = os.environ.get("OPZ_BENCH_BIN")
    if not named:
        named = subprocess.run([ROOT / "scripts" / "build-release"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return (ROOT / named).resolve()


def machine(rounds):
    """A line that says when and on what a benchmark ran."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{time.strftime('%Y-%m-%d')}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB of memory, medians of {rounds} rounds"
