"""The life of a worker: load, say hello, answer one request after the other, end when the server closes the pipe."""

import argparse
import gc
import json
import os
import signal
import sys
import traceback

from . import PROTOCOL, loading, tables, tensors
from .failures import Interrupted, LoadFailure, Refusal, bad_input, model_error
from .frames import Channel, encoded

# The most characters of an error's message.
LONGEST_MESSAGE = 10_000


def main(arguments=None):
    """Runs the worker. Returns the exit status."""
    # First, so that nothing that is imported or started later can hold or write to the pipes.
    channel = Channel()
    turn = Turn()
    signal.signal(signal.SIGINT, turn.interrupt)
    options = _options(arguments)
    try:
        model = _load(options)
        said = hello(model)
        encoded({"opz": said})  # What is no JSON is a failure of loading.
    except LoadFailure as failure:
        _say(str(failure))
        channel.send(error("load", str(failure)))
        return 3
    except Exception as failure:
        traceback.print_exc()
        channel.send(error("load", f"{type(failure).__name__}: {failure}"))
        return 3
    # Objects that live as long as the worker are not looked at by each collection.
    gc.collect()
    gc.freeze()
    if options.fork:
        channel = _forked(channel, said)
        if channel is None:
            return 0
    channel.send(encoded({"opz": said}))
    Loop(channel, model, turn).run()
    return 0


def _forked(channel, said):
    """The channel of a worker that was forked from this process, in that worker; None at this process's end. Where it cannot be forked
    it is a worker itself."""
    from . import forking

    reason = forking.hindrance()
    if reason:
        said["fork"] = {"no": reason}
        return channel
    channel.send(encoded({"opz": {**said, "fork": {}}}))
    return forking.Template(channel).run()


def _options(arguments):
    parser = argparse.ArgumentParser(prog="opz_worker", description="Serves a model to opz-server on descriptors 3 and 4.")
    parser.add_argument("--model", required=True, help="the model's file or directory")
    parser.add_argument("--loader", help=f"one of {', '.join(sorted(loading.LOADERS))}, predict")
    parser.add_argument("--code", help="a directory with the model's own code")
    parser.add_argument("--predict", help="the file with predict()")
    parser.add_argument("--fork", action="store_true", help="load the model, and fork workers when the server asks for them")
    parser.add_argument("--signature", help="inputs and outputs as JSON; - for standard input")
    return parser.parse_args(arguments)


def _load(options):
    text = sys.stdin.buffer.read() if options.signature == "-" else options.signature
    signature = json.loads(text) if text else {}
    if options.code:
        sys.path.insert(0, options.code)
        os.chdir(options.code)
    sys.argv = [options.predict or options.model]
    model = loading.load(options)
    model.inputs = loading.merged(model.inputs, signature.get("inputs"))
    model.outputs = loading.merged(model.outputs, signature.get("outputs"))
    return model


def hello(model):
    """What the server has to know of the model."""
    signature = {}
    if model.inputs:
        signature["inputs"] = model.inputs
    if model.outputs:
        signature["outputs"] = model.outputs
    said = {"kind": "hello", "protocol": PROTOCOL, "text": "binary", "signature": signature, "tables": model.kind != "tensors"}
    if model.max_batch is not None:
        said["max_batch"] = model.max_batch
    if model.checks_health:
        said["health"] = True
    if model.library is not None:
        said["library"] = {"name": model.library[0], "version": model.library[1]}
    said["python"] = ".".join(str(part) for part in sys.version_info[:3])
    return said


def _say(text):
    print(text, file=sys.stderr, flush=True)


class Turn:
    """Whether a prediction runs. SIGINT ends one and is ignored otherwise, so that it never tears a frame."""

    def __init__(self):
        self.runs = False

    def interrupt(self, number, frame):
        """The handler of SIGINT."""
        if self.runs:
            self.runs = False
            raise Interrupted()

    def run(self, work):
        """Runs `work`, which SIGINT may end."""
        try:
            self.runs = True
            try:
                return work()
            finally:
                self.runs = False
        except Interrupted:
            self.runs = False
            raise Refusal("interrupted", "the request took longer than it may") from None


def error(code, message):
    """The frame of a failure."""
    # A lone surrogate, as file names have them, is no text of JSON.
    text = message[:LONGEST_MESSAGE].encode("utf-8", "replace").decode()
    return encoded({"opz": {"kind": "error", "code": code, "message": text}})


class Loop:
    """Answers frames."""

    def __init__(self, channel, model, turn):
        self.channel = channel
        self.model = model
        self.turn = turn
        self.columns = tables.Columns(model.inputs)

    def run(self):
        """Returns when the server says stop or closes its end of the pipe."""
        while True:
            frame = self.channel.receive()
            if frame is None:
                return
            answer, pieces = self._answer(*frame)
            if answer is None:
                return
            # What the model printed belongs to this request.
            for stream in (sys.stdout, sys.stderr):
                _flush(stream)
            self.channel.send(answer, pieces)

    def _answer(self, header, body):
        """The encoded header and the body of the answer, or None for the end. Whatever goes wrong is this request's failure alone."""
        try:
            header = json.loads(header)
            kind = header["opz"]["kind"]
            if kind == "stop":
                return None, ()
            if body is None:
                raise Refusal("memory", "the request does not fit into the worker's memory")
            return self.turn.run(self._ping if kind == "ping" else lambda: self._infer(header, body))
        except Refusal as refusal:
            return error(refusal.code, refusal.message), ()
        except MemoryError:
            return error("memory", "the worker ran out of memory"), ()
        except Exception as failure:
            traceback.print_exc()
            return error("model_error", _summary(failure)), ()

    def _ping(self):
        try:
            healthy = self.model.health()
        except (Exception, SystemExit) as failure:
            traceback.print_exc()
            raise model_error(f"health: {_summary(failure)}") from None
        if not healthy:
            raise model_error("health returned False")
        return encoded({"opz": {"kind": "result"}, "outputs": []}), ()

    def _infer(self, header, body):
        wanted = [item["name"] for item in header["outputs"]] if header.get("outputs") else None
        self._check(wanted, [item["name"] for item in self.model.outputs or ()])
        inputs = tensors.decode(header, body)
        try:
            table = self.columns.make(self.model.kind, inputs)
        except (ValueError, TypeError, OverflowError) as failure:
            raise bad_input(_summary(failure)) from None
        rows = inputs[0].rows
        results = self._predict(table, wanted, header.get("parameters") or {})
        outputs = [self._encode(name, value) for name, value in results.items() if wanted is None or name in wanted]
        for output in outputs:
            if not output.shape or output.shape[0] != rows:
                got = output.shape[0] if output.shape else "one value"
                raise model_error(f"the model gave {got} for the output '{output.name}' of {rows} rows")
        self._check(wanted, list(results))
        answer = {"opz": {"kind": "result"}, "outputs": [output.header() for output in outputs]}
        return encoded(answer), [output.data for output in outputs]

    def _encode(self, name, value):
        # A lone surrogate is no text of JSON, and the server ends a worker that sends it.
        if not isinstance(name, str) or name.encode("utf-8", "replace").decode() != name:
            raise model_error(f"the model gave an output whose name is {name!r}")
        try:
            return tensors.encode(name, value)
        except (Refusal, MemoryError):
            raise
        except Exception as failure:
            traceback.print_exc()
            raise model_error(f"output '{name}': {_summary(failure)}") from None

    def _check(self, wanted, known):
        absent = [name for name in wanted or () if name not in known]
        if absent and known:
            raise bad_input(f"there is no output '{absent[0]}': the model has {', '.join(known)}")

    def _predict(self, table, wanted, parameters):
        try:
            return self.model.predict(table, wanted, parameters)
        except Refusal:
            raise
        except MemoryError:
            raise Refusal("memory", "the model ran out of memory") from None
        except self.model.blames as failure:
            raise bad_input(_summary(failure)) from None
        except (Exception, SystemExit) as failure:
            # A library that calls exit() must not end the worker.
            traceback.print_exc()
            raise model_error(_summary(failure)) from None


def _flush(stream):
    try:
        stream.flush()
    except (OSError, ValueError, AttributeError):
        pass


def _summary(failure):
    text = str(failure)
    return text if isinstance(failure, ValueError) and text else f"{type(failure).__name__}: {text}"
