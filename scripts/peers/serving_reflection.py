"""Asks a model server as grpcurl and grpc_health_probe do: with nothing but its address, by reflection; and health as Kubernetes asks it.

    serving_reflection.py ADDRESS MODEL
"""

import base64
import json
import sys
import threading

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

TEXTS = {"plan": "day", "state": "NJ"}


class Caller:
    """Calls methods by their names with messages of JSON: all it knows of them comes from the server."""

    def __init__(self, channel):
        self.channel = channel
        self.pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))

    def method(self, service, name):
        method = self.pool.FindServiceByName(service).FindMethodByName(name)
        call = self.channel.stream_stream if method.client_streaming else self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        return method, call(
            f"/{service}/{name}", request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString)

    def request(self, method, value):
        return json_format.ParseDict(value, GetMessageClass(method.input_type)(), descriptor_pool=self.pool)

    def __call__(self, service, name, value):
        method, call = self.method(service, name)
        return json_format.MessageToDict(call(self.request(method, value)), preserving_proto_field_name=True)


def inputs(metadata, rows=2):
    made = []
    for tensor in metadata["inputs"]:
        # Bytes are Base64 in JSON.
        contents = (
            {"bytes_contents": [base64.b64encode(TEXTS[tensor["name"]].encode()).decode()] * rows} if tensor["datatype"] == "BYTES"
            else {"fp32_contents": list(range(rows))})
        made.append({"name": tensor["name"], "datatype": tensor["datatype"], "shape": [rows], "contents": contents})
    return made


def describe(caller, database):
    """`grpcurl list` and `describe` of all there is: each method's messages, to the last field."""
    known = set()

    def visit(message):
        if message.full_name in known:
            return
        known.add(message.full_name)
        for field in message.fields:
            if field.message_type:
                visit(field.message_type)

    services = set(database.get_services())
    assert {"inference.GRPCInferenceService", "grpc.health.v1.Health"} <= services, services
    for service in services:
        for method in caller.pool.FindServiceByName(service).methods:
            visit(method.input_type), visit(method.output_type)
    assert {"inference.InferTensorContents", "inference.InferParameter", "grpc.health.v1.HealthListResponse"} <= known, known


def by_symbol(channel):
    """The stream of questions itself, in the version 1 that grpcurl tries first: several in one call, and one that nothing answers."""
    ask = channel.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString)
    questions = [
        reflection_pb2.ServerReflectionRequest(host="h", list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="inference.GRPCInferenceService.ModelInfer"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="inference.Nothing"),
        reflection_pb2.ServerReflectionRequest(file_by_filename="nothing.proto"),
    ]
    answers = list(ask(iter(questions)))
    kinds = [answer.WhichOneof("message_response") for answer in answers]
    assert kinds == ["list_services_response", "file_descriptor_response", "error_response", "error_response"], kinds
    assert answers[0].valid_host == "h" and answers[0].original_request == questions[0]
    assert [answer.error_response.error_code for answer in answers[2:]] == [grpc.StatusCode.NOT_FOUND.value[0]] * 2


def health(caller, model):
    channel = caller.channel
    stub = health_pb2_grpc.HealthStub(channel)
    serving = health_pb2.HealthCheckResponse.SERVING
    names = ("", "inference.GRPCInferenceService", model)
    # grpc_health_probe: one Check with a deadline.
    for name in names:
        assert stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=1).status == serving
    # PyPI's stub has no List: the server's description has.
    statuses = caller("grpc.health.v1.Health", "List", {})["statuses"]
    assert statuses == {name: {"status": "SERVING"} for name in names[:2]}, statuses
    for name, expected in [*((name, serving) for name in names), ("nothing", health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)]:
        # It stays open until its caller ends it.
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=name))
        assert next(watch).status == expected
        timer = threading.Timer(0.5, watch.cancel)
        timer.start()
        try:
            next(watch)
            raise AssertionError("a second status came, and nothing changed")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.CANCELLED, error


def main(address, model):
    channel = grpc.insecure_channel(address)
    caller = Caller(channel)
    describe(caller, ProtoReflectionDescriptorDatabase(channel))
    by_symbol(channel)
    service = "inference.GRPCInferenceService"
    assert caller(service, "ServerReady", {}) == {"ready": True}
    assert caller(service, "ServerMetadata", {})["name"]
    metadata = caller(service, "ModelMetadata", {"name": model})
    request = {"model_name": model, "id": "r", "inputs": inputs(metadata)}
    answer = caller(service, "ModelInfer", request)
    assert answer["id"] == "r" and [output["shape"] for output in answer["outputs"]] == [["2"], ["2"]], json.dumps(answer)
    assert all(len(output["contents"]["fp32_contents"]) == 2 for output in answer["outputs"])
    method, call = caller.method(service, "ModelStreamInfer")
    streamed = [json_format.MessageToDict(part.infer_response, preserving_proto_field_name=True)
                for part in call(iter([caller.request(method, request)] * 2))]
    assert streamed == [answer] * 2, streamed
    assert int(caller(service, "ModelStatistics", {"name": model})["model_stats"][0]["inference_stats"]["success"]["count"]) >= 3
    assert caller("grpc.health.v1.Health", "Check", {}) == {"status": "SERVING"}
    health(caller, model)


if __name__ == "__main__":
    main(*sys.argv[1:])
