"""Asks a model server with tritonclient over HTTP: every way to send a tensor gives the same answer.

    serving_http.py ADDRESS MODEL
"""

import sys

import numpy
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, triton_to_np_dtype


def column(tensor, rows, texts):
    if tensor["datatype"] == "BYTES":
        return numpy.array([texts[tensor["name"]]] * rows, dtype=object)
    return numpy.arange(rows).astype(triton_to_np_dtype(tensor["datatype"]))


def inputs(metadata, texts, binary, rows=3):
    made = []
    for tensor in metadata["inputs"]:
        made.append(triton.InferInput(tensor["name"], [rows], tensor["datatype"]))
        made[-1].set_data_from_numpy(column(tensor, rows, texts), binary_data=binary)
    return made


def refused(text, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except InferenceServerException as error:
        assert text in str(error), error
    else:
        raise AssertionError(f"{text}: it was taken")


def main(address, model):
    texts = {"plan": "day", "state": "NJ"}
    client = triton.InferenceServerClient(address)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(model)
    assert client.is_model_ready(model, "1") and not client.is_model_ready(model, "2")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    assert client.get_model_repository_index()[0]["name"] == model
    metadata = client.get_model_metadata(model)
    refused("loads and unloads none", client.load_model, model)
    refused("loads and unloads none", client.unload_model, model)

    answers = []
    named = [triton.InferRequestedOutput("margin", binary_data=True), triton.InferRequestedOutput("probability", binary_data=False)]
    for binary in (False, True):
        for outputs in (None, named):
            for coding in (None, "gzip", "deflate"):
                answer = client.infer(
                    model, inputs(metadata, texts, binary), outputs=outputs, request_id="r",
                    request_compression_algorithm=coding, response_compression_algorithm=coding, timeout=60_000_000)
                assert answer.get_response()["id"] == "r"
                answers.append([answer.as_numpy(name).tolist() for name in ("margin", "probability")])
    assert all(answer == answers[0] for answer in answers), answers
    refused("time is over", client.infer, model, inputs(metadata, texts, True), timeout=1)
    refused("there is no model", client.infer, "other", inputs(metadata, texts, True))
    assert client.get_inference_statistics(model)["model_stats"][0]["inference_stats"]["success"]["count"] == len(answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
