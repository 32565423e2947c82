"""Loads and unloads the models of a server with tritonclient, over HTTP and gRPC, while requests go on.

    serving_repository.py ADDRESS DIRECTORY TOKEN

DIRECTORY is the server's, with the model churn in the versions 1 and 2.
"""

import pathlib
import shutil
import sys
import threading

import numpy
import tritonclient.grpc
import tritonclient.http
from serving_http import refused
from tritonclient.utils import triton_to_np_dtype

TEXTS = {"plan": "day", "state": "NJ"}


def inputs(module, client):
    metadata = client.get_model_metadata("churn")
    if module is tritonclient.http:
        tensors = [(tensor["name"], tensor["datatype"]) for tensor in metadata["inputs"]]
    else:
        tensors = [(tensor.name, tensor.datatype) for tensor in metadata.inputs]
    made = []
    for name, datatype in tensors:
        values = numpy.array([TEXTS[name]], dtype=object) if datatype == "BYTES" else numpy.ones(1, triton_to_np_dtype(datatype))
        made.append(module.InferInput(name, [1], datatype))
        made[-1].set_data_from_numpy(values)
    return made


def states(client):
    index = client.get_model_repository_index()
    entries = index if isinstance(index, list) else [
        {"name": model.name, "version": model.version, "state": model.state, "reason": model.reason} for model in index.models]
    return [f"{entry['name']} {entry['version']} {entry['state']} {entry.get('reason', '')}".strip() for entry in entries]


def hammer(module, address, over, problems):
    client = module.InferenceServerClient(address)
    try:
        given = inputs(module, client)
        while not over.is_set():
            for version in ("", "1", "2"):
                answer = client.infer("churn", given, model_version=version).get_response()
                found = answer["model_version"] if isinstance(answer, dict) else answer.model_version
                if found != (version or "2"):
                    problems.append(f"version {found} in place of {version}")
    except Exception as error:
        problems.append(repr(error))


def check(module, address, directory, token):
    client = module.InferenceServerClient(address)
    mine = {"authorization": f"Bearer {token}"}
    for headers in (None, {"authorization": "Bearer of-another-one"}):
        refused("token", client.load_model, "churn", headers=headers)
        refused("token", client.unload_model, "churn", headers=headers)
    refused("there is no model", client.load_model, "../churn", headers=mine)
    refused("config", client.load_model, "churn", headers=mine, config="{}")
    # With files tritonclient sends a configuration too: either is refused, whichever comes first.
    refused("' would ", client.load_model, "churn", headers=mine, config="{}", files={"file:1/model.json": b"{}"})
    assert states(client) == ["churn 2 READY", "churn 1 READY"], states(client)

    over, problems = threading.Event(), []
    clients = [threading.Thread(target=hammer, args=(kind, address, over, problems)) for kind in (tritonclient.http, tritonclient.grpc)]
    for thread in clients:
        thread.start()
    for _ in range(20):
        client.load_model("churn", headers=mine)
    over.set()
    for thread in clients:
        thread.join()
    assert not problems, problems

    # What was unloaded is remembered: each client has its own.
    other = module.__name__.replace(".", "-")
    shutil.copytree(directory / "churn" / "2", directory / other / "7")
    assert f"{other} 7 UNAVAILABLE not loaded" in states(client), states(client)
    client.load_model(other, headers=mine)
    assert client.is_model_ready(other) and client.is_model_ready(other, "7")
    client.unload_model(other, headers=mine)
    assert not client.is_model_ready(other) and client.is_server_ready()
    assert f"{other} 7 UNAVAILABLE unloaded" in states(client), states(client)
    refused("is not loaded", client.get_model_metadata, other)
    (directory / "churn" / "3").mkdir()
    (directory / "churn" / "3" / "model.json").write_text("{")
    refused("churn 3 was not loaded", client.load_model, "churn", headers=mine)
    assert client.is_model_ready("churn", "2")
    shutil.rmtree(directory / "churn" / "3")
    client.load_model("churn", headers=mine)
    shutil.rmtree(directory / other)
    assert states(client) == ["churn 2 READY", "churn 1 READY"], states(client)


def main(address, directory, token):
    for module in (tritonclient.http, tritonclient.grpc):
        check(module, address, pathlib.Path(directory), pathlib.Path(token).read_text().strip())


if __name__ == "__main__":
    main(*sys.argv[1:])
