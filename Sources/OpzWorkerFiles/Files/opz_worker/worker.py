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
from .frames import Channel


def main(arguments=None):
    """Runs the worker. Returns the exit status."""
    # First, so that nothing that is imported or started later can hold or write to the pipes.
    channel = Channel()
    turn = Turn()
    signal.signal(signal.SIGINT, turn.interrupt)
    options = _options(arguments)
    try:
        model = _load(options)
    except LoadFailure as failure:
        _say(str(failure))
        channel.send({"opz": {"kind": "error", "code": "load", "message": str(failure)}})
        return 3
    except Exception as failure:
        traceback.print_exc()
        channel.send({"opz": {"kind": "error", "code": "load", "message": f"{type(failure).__name__}: {failure}"}})
        return 3
    # Objects that live as long as the worker are not looked at by each collection.
    gc.collect()
    gc.freeze()
    channel.send({"opz": hello(model)})
    Loop(channel, model, turn).run()
    return 0


def _options(arguments):
    parser = argparse.ArgumentParser(prog="opz_worker", description="Serves a model to opz-server on descriptors 3 and 4.")
    parser.add_argument("--model", required=True, help="the model's file or directory")
    parser.add_argument("--loader", help=f"one of {', '.join(sorted(loading.LOADERS))}, predict")
    parser.add_argument("--code", help="a directory with the model's own code")
    parser.add_argument("--predict", help="the file with predict()")
    parser.add_argument("--signature", help="inputs and outputs as JSON")
    return parser.parse_args(arguments)


def _load(options):
    signature = json.loads(options.signature) if options.signature else {}
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
            header, body = frame
            kind = header["opz"]["kind"]
            if kind == "stop":
                return
            answer, pieces = self._answer(kind, header, body)
            # What the model printed belongs to this request.
            for stream in (sys.stdout, sys.stderr):
                _flush(stream)
            self.channel.send(answer, pieces)

    def _answer(self, kind, header, body):
        try:
            if kind == "ping":
                return self.turn.run(self._ping)
            return self.turn.run(lambda: self._infer(header, body))
        except Refusal as refusal:
            return {"opz": {"kind": "error", "code": refusal.code, "message": refusal.message[:10000]}}, ()

    def _ping(self):
        try:
            healthy = self.model.health()
        except Exception as failure:
            traceback.print_exc()
            raise model_error(f"health: {_summary(failure)}") from None
        if not healthy:
            raise model_error("health returned False")
        return {"opz": {"kind": "result"}, "outputs": []}, ()

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
        outputs = [tensors.encode(name, value) for name, value in results.items() if wanted is None or name in wanted]
        for output in outputs:
            if not output.shape or output.shape[0] != rows:
                got = output.shape[0] if output.shape else "one value"
                raise model_error(f"the model gave {got} for the output '{output.name}' of {rows} rows")
        self._check(wanted, list(results))
        return {"opz": {"kind": "result"}, "outputs": [output.header() for output in outputs]}, [output.data for output in outputs]

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
        except Exception as failure:
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
