"""Workers that are forked from a process that has loaded the model: they share its memory until they write to it.

That process serves nothing itself. It forks only while it is as it was after loading: one thread, no process that it started, no
file or socket open, since two workers that use one connection would get each other's answers.
"""

import fcntl
import json
import os
import select
import signal
import socket
import sys
import time

from .frames import LENGTHS, Channel, encoded

# Standard input, output and error, and the two pipes to the server.
OWN_DESCRIPTORS = 5
# What reading from is the same for all who have it open.
HARMLESS = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
LONGEST_REQUEST = 1 << 16
# Seconds until the kernel has given a worker to the server.
ADOPTION = 10


def hindrance():
    """Why this process cannot be forked now, or None."""
    try:
        return _hindrance()
    except OSError as failure:
        return f"the system does not say what it has started and opened: {failure}"


def _hindrance():
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        return f"loading it started {threads - 1} threads"
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            if file.read().strip():
                return "loading it started a process"
    except OSError:
        pass  # A kernel without CONFIG_PROC_CHILDREN does not say it.
    for name in os.listdir("/proc/self/fd"):
        if int(name) < OWN_DESCRIPTORS:
            continue
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue  # The directory that was listed.
        if target not in HARMLESS:
            return f"it holds {target} open"
    return None


class Template:
    """Forks a worker at each request of the server, whose pipes come with the request."""

    def __init__(self, channel):
        self.channel = channel
        self.socket = socket.socket(fileno=channel.incoming)

    def run(self):
        """Returns the channel of a new worker in that worker, and None at the end."""
        while True:
            message, descriptors, _, _ = socket.recv_fds(self.socket, LONGEST_REQUEST, 5)
            if not message:
                return None
            request = json.loads(message[LENGTHS.size :])["opz"]
            if request["kind"] == "stop":
                return None
            reason = hindrance_beside(descriptors)
            pid = 0 if reason else self._fork(descriptors, request)
            if pid is None:
                return Channel()
            for descriptor in descriptors:
                os.close(descriptor)
            if pid:
                self.channel.send(encoded({"opz": {"kind": "forked", "pid": pid}}))
            else:
                self.channel.send(encoded({"opz": {"kind": "error", "code": "fork", "message": reason or "fork failed"}}))

    def _fork(self, descriptors, request):
        """The pid of a new worker, 0 where there is none; None in the worker itself."""
        # What is buffered would be written by each.
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):
                pass
        reading, writing = os.pipe()
        try:
            between = os.fork()
        except OSError:
            os.close(reading)
            os.close(writing)
            return 0
        if between:
            os.close(writing)
            told = os.read(reading, 4)
            os.close(reading)
            # It has ended before the server hears of the worker, which is the server's own child from then on.
            os.waitpid(between, 0)
            return int.from_bytes(told, "little")
        try:
            pid = os.fork()
            if pid:
                try:
                    os.setpgid(pid, pid)
                finally:
                    os.write(writing, pid.to_bytes(4, "little"))
                    os._exit(0)
        except BaseException:
            os._exit(1)
        os.close(reading)
        os.close(writing)
        # Closed by the fork already; its number is another descriptor's from now on.
        self.socket.detach()
        _become(descriptors, request)
        return None


def hindrance_beside(descriptors):
    """As `hindrance`, while the descriptors of a new worker are open."""
    if len(descriptors) != 5:
        return "the server sent no pipes"
    try:
        threads = len(os.listdir("/proc/self/task"))
    except OSError as failure:
        return f"the system does not say its threads: {failure}"
    return f"it has {threads} threads" if threads > 1 else None


def _become(descriptors, request):
    """Makes this process the worker that the server expects: its pipes, its environment, its parent."""
    *pipes, life = descriptors
    for number, descriptor in enumerate(pipes, 1):
        os.dup2(descriptor, number, inheritable=number < 3)
        os.close(descriptor)
    _end_with(life)
    os.environ.update(request["environment"])
    waited = 0.0
    while os.getppid() != request["server"]:
        if waited > ADOPTION:
            os._exit(1)
        time.sleep(0.001)
        waited += 0.001


def _end_with(life):
    """Has the kernel kill this process when the server's end of a pipe is closed, even while it computes: what PR_SET_PDEATHSIG does
    for a child, this one not having been started by the thread that serves it."""
    try:
        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    except OSError:
        pass  # A kernel that has none of this: the worker ends at the end of its pipe, when it has computed.
    if select.select([life], [], [], 0)[0]:
        os._exit(1)
