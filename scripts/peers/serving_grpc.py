"""Asks a model server with grpcio and tritonclient: raw and typed tensors, streams, health, reflection.

    serving_grpc.py ADDRESS MODEL
"""

import queue
import sys

import grpc
import numpy
import tritonclient.grpc as triton
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

TEXTS = {"plan": "day", "state": "NJ"}


def inputs(metadata, rows=3):
    made = []
    for tensor in metadata.inputs:
        isText = tensor.datatype == "BYTES"
        values = numpy.array([TEXTS.get(tensor.name)] * rows, dtype=object) if isText else numpy.arange(rows, dtype=numpy.float32)
        made.append(triton.InferInput(tensor.name, [rows], tensor.datatype))
        made[-1].set_data_from_numpy(values)
    return made


def typed(metadata, model):
    request = service_pb2.ModelInferRequest(model_name=model)
    for tensor in metadata.inputs:
        made = request.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=[3])
        if tensor.datatype == "BYTES":
            made.contents.bytes_contents.extend([TEXTS[tensor.name].encode()] * 3)
        else:
            made.contents.fp32_contents.extend([0, 1, 2])
    return request


def refused(text, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except (InferenceServerException, grpc.RpcError) as error:
        assert text in str(error), error
    else:
        raise AssertionError(f"{text}: it was taken")


def same(ours, theirs):
    """Every field of ours has the number, name, type and label of theirs."""
    fields = {field.number: field for field in theirs.fields}
    for field in ours.fields:
        other = fields[field.number]
        assert (field.name, field.type, field.is_repeated) == (other.name, other.type, other.is_repeated), (ours.full_name, field.name)
        if field.message_type:
            same(field.message_type, other.message_type)


def check_calls(client, stub, model, metadata):
    margins = client.infer(model, inputs(metadata), request_id="r").as_numpy("margin").tolist()
    assert client.infer(model, inputs(metadata), outputs=[triton.InferRequestedOutput("margin")]).as_numpy("probability") is None
    answer = stub.ModelInfer(typed(metadata, model))
    assert list(answer.outputs[1].contents.fp32_contents) == margins and not answer.raw_output_contents
    wrong = typed(metadata, model)
    wrong.inputs[0].datatype = "INT64"
    refused("of another type", stub.ModelInfer, wrong)
    refused("DEADLINE_EXCEEDED", client.infer, model, inputs(metadata), timeout=1)
    refused("UNIMPLEMENTED", client.infer, model, inputs(metadata), compression_algorithm="gzip")
    refused("UNIMPLEMENTED", client.load_model, model)
    refused("NOT_FOUND", client.get_model_metadata, "other")
    large = service_pb2.ModelInferRequest(model_name=model, raw_input_contents=[bytes(17 << 20)])
    refused("RESOURCE_EXHAUSTED", stub.ModelInfer, large)
    futures = [stub.ModelInfer.future(typed(metadata, model)) for _ in range(3000)]
    assert not any(future.exception() for future in futures)

    results = queue.Queue()
    client.start_stream(lambda result, error: results.put((result, error)))
    for number in range(5):
        client.async_stream_infer(model, inputs(metadata), request_id=str(number))
    client.async_stream_infer("other", inputs(metadata))
    for number in range(5):
        result, error = results.get(timeout=60)
        assert error is None and result.get_response().id == str(number)
        assert result.as_numpy("margin").tolist() == margins
    assert "there is no model" in str(results.get(timeout=60)[1])
    client.stop_stream()


def main(address, model):
    client = triton.InferenceServerClient(address)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(model, "1")
    channel = grpc.insecure_channel(address, options=[("grpc.max_send_message_length", -1)])
    stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
    check_calls(client, stub, model, client.get_model_metadata(model))
    assert client.get_inference_statistics(model).model_stats[0].inference_stats.success.count > 3000
    assert client.get_model_repository_index().models[0].name == model

    health = health_pb2_grpc.HealthStub(channel)
    for service in ("", "inference.GRPCInferenceService"):
        assert health.Check(health_pb2.HealthCheckRequest(service=service)).status == health_pb2.HealthCheckResponse.SERVING
    refused("NOT_FOUND", health.Check, health_pb2.HealthCheckRequest(service="x"))
    statuses = [next(iter(health.Watch(health_pb2.HealthCheckRequest(service=service)))).status for service in ("", "x")]
    assert statuses == [health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.SERVICE_UNKNOWN]

    database = ProtoReflectionDescriptorDatabase(channel)
    assert "inference.GRPCInferenceService" in database.get_services()
    pool = DescriptorPool(database)
    for name in (
        "ModelInferRequest", "ModelInferResponse", "ModelMetadataResponse", "ModelStatisticsResponse", "ModelStreamInferResponse",
        "RepositoryIndexResponse", "ServerMetadataResponse",
    ):
        same(pool.FindMessageTypeByName("inference." + name), service_pb2.DESCRIPTOR.message_types_by_name[name])
    same(pool.FindMessageTypeByName("grpc.health.v1.HealthCheckResponse"), health_pb2.HealthCheckResponse.DESCRIPTOR)


if __name__ == "__main__":
    main(*sys.argv[1:])
