"""Asks a model server with KServe's clients, over REST (v1 and v2) and gRPC.

    serving_kserve.py ADDRESS MODEL
"""

import asyncio
import sys

import numpy
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig

TEXTS = {"plan": "day", "state": "NJ"}
NUMBERS = ["minutes", "calls", "age", "charge"]


def request(model, binary):
    inputs = []
    for name in NUMBERS:
        inputs.append(InferInput(name, [2], "FP32"))
        inputs[-1].set_data_from_numpy(numpy.array([1, 2], dtype=numpy.float32), binary_data=binary)
    for name, text in TEXTS.items():
        inputs.append(InferInput(name, [2], "BYTES"))
        inputs[-1].set_data_from_numpy(numpy.array([text, text], dtype=object), binary_data=binary)
    return InferRequest(model_name=model, infer_inputs=inputs, parameters={"binary_data_output": binary} if binary else None)


async def main(address, model):
    base = f"http://{address}"
    answers = []
    for binary in (False, True):
        client = InferenceRESTClient(RESTConfig(protocol="v2", retries=1))
        assert await client.is_server_ready(base) and await client.is_server_live(base)
        assert await client.is_model_ready(base, model)
        answer = await client.infer(base, request(model, binary), model_name=model)
        answers.append([output.as_numpy().tolist() for output in answer.outputs])
    first = InferenceRESTClient(RESTConfig(protocol="v1", retries=1))
    row = {name: 1 for name in NUMBERS} | TEXTS
    assert await first.is_model_ready(base, model)
    answer = await first.infer(base, {"instances": [row, row | {name: 2 for name in NUMBERS}]}, model_name=model)
    assert numpy.allclose(answer["predictions"], answers[0][0]), answer
    grpc = InferenceGRPCClient(address)
    assert await grpc.is_server_ready() and await grpc.is_server_live() and await grpc.is_model_ready(model)
    for binary in (False, True):
        answer = await grpc.infer(request(model, binary))
        answers.append([output.as_numpy().tolist() for output in answer.outputs])
    assert all(answer == answers[0] for answer in answers), answers


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
