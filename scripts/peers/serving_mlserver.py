"""Asks a model server with what MLServer gives its clients: types and codecs over REST, stubs and converters over gRPC, and `mlserver infer`.

    serving_mlserver.py ADDRESS MODEL
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import grpc
import numpy
import pandas
from mlserver import types
from mlserver.codecs import NumpyCodec, NumpyRequestCodec, PandasCodec
from mlserver.grpc import converters, dataplane_pb2, dataplane_pb2_grpc, model_repository_pb2, model_repository_pb2_grpc

ROWS = pandas.DataFrame({
    "minutes": numpy.array([1, 2], "float32"), "calls": numpy.array([1, 2], "float32"), "age": [1, 2], "charge": [1.0, 2.0],
    "plan": ["day", "day"], "state": ["NJ", "NJ"],
})


def rest(address, path, request=None):
    body = request.model_dump_json(exclude_none=True).encode() if request is not None else None
    with urllib.request.urlopen(urllib.request.Request(f"http://{address}{path}", body, {"Content-Type": "application/json"})) as answer:
        return answer.read()


def values(response):
    return [NumpyCodec.decode_output(output).ravel().tolist() for output in response.outputs]


def over_rest(address, model):
    server = types.MetadataServerResponse.model_validate_json(rest(address, "/v2"))
    assert server.name and server.version
    metadata = types.MetadataModelResponse.model_validate_json(rest(address, f"/v2/models/{model}"))
    assert {tensor.name for tensor in metadata.inputs} == set(ROWS.columns)
    index = types.RepositoryIndexResponse.model_validate_json(rest(address, "/v2/repository/index", types.RepositoryIndexRequest(ready=True)))
    assert [(entry.name, types.State(entry.state)) for entry in index] == [(model, types.State.READY)], index
    request = PandasCodec.encode_request(ROWS, use_bytes=False)
    assert request.parameters.content_type == "pd"
    request.id = "r"
    response = types.InferenceResponse.model_validate_json(rest(address, f"/v2/models/{model}/infer", request))
    assert response.id == "r" and response.model_name == model
    return values(response)


def over_grpc(address, model):
    channel = grpc.insecure_channel(address)
    stub = dataplane_pb2_grpc.GRPCInferenceServiceStub(channel)
    assert stub.ServerLive(dataplane_pb2.ServerLiveRequest()).live and stub.ServerReady(dataplane_pb2.ServerReadyRequest()).ready
    assert stub.ModelReady(dataplane_pb2.ModelReadyRequest(name=model)).ready
    metadata = converters.ModelMetadataResponseConverter.to_types(stub.ModelMetadata(dataplane_pb2.ModelMetadataRequest(name=model)))
    assert metadata.name == model and {tensor.name for tensor in metadata.inputs} == set(ROWS.columns)
    # The repository's methods, where MLServer has them: in a service of their own.
    repository = model_repository_pb2_grpc.ModelRepositoryServiceStub(channel)
    for index in (
        repository.RepositoryIndex(model_repository_pb2.RepositoryIndexRequest()), stub.RepositoryIndex(dataplane_pb2.RepositoryIndexRequest())
    ):
        assert [(entry.name, entry.state) for entry in index.models] == [(model, "READY")]
    answers = []
    for raw in (False, True):
        message = converters.ModelInferRequestConverter.from_types(
            PandasCodec.encode_request(ROWS, use_bytes=True), model_name=model, model_version=None, use_raw=raw)
        assert bool(message.raw_input_contents) == raw
        answer = stub.ModelInfer(message)
        assert bool(answer.raw_output_contents) == raw
        answers.append(values(converters.ModelInferResponseConverter.to_types(answer)))
    return answers


def by_command(address, model):
    """Lines of a file, each a request, answered in another; batches put them together first."""
    columns = [
        {"name": name, "datatype": "BYTES" if name in ("plan", "state") else "FP32", "shape": [2], "data": ROWS[name].tolist()} for name in ROWS]
    with tempfile.TemporaryDirectory() as directory:
        given, taken = pathlib.Path(directory, "in"), pathlib.Path(directory, "out")
        given.write_text("".join(json.dumps({"id": str(number), "inputs": columns}) + "\n" for number in range(6)))
        answers = []
        for options in ([], ["-s", "3"], ["-b"]):
            command = [pathlib.Path(sys.executable).with_name("mlserver"), "infer", "-u", address, "-m", model, "-i", given, "-o", taken, *options]
            subprocess.run(command, check=True, capture_output=True)
            lines = [json.loads(line) for line in taken.read_text().splitlines()]
            assert len(lines) == 6 and not any("error" in line for line in lines), lines
            answers += [[output["data"] for output in line["outputs"]] for line in lines]
    return answers


def same(one, other):
    return all(numpy.allclose(left, right, rtol=1e-6) for left, right in zip(one, other, strict=True))


def main(address, model):
    expected = over_rest(address, model)
    for answer in over_grpc(address, model) + by_command(address, model):
        assert same(answer, expected), (answer, expected)
    # A matrix of numbers, which this model cannot take: the answer is MLServer's type of an error.
    request = NumpyRequestCodec.encode_request(numpy.zeros((2, len(ROWS.columns))))
    try:
        rest(address, f"/v2/models/{model}/infer", request)
    except urllib.error.HTTPError as error:
        assert types.InferenceErrorResponse.model_validate_json(error.read()).error
        assert error.code == 400


if __name__ == "__main__":
    main(*sys.argv[1:])
