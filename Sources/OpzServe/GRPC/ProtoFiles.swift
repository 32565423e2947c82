extension ProtoFile {
  /// All files that reflection tells of.
  static let all = [inference, repository, health, reflection("v1"), reflection("v1alpha")]
}

// Shorthands, so that a message reads as in a .proto file.
extension ProtoFile.Message {
  /// A map's entry, whose name is the map's in camel case.
  fileprivate static func map(_ name: String, _ value: ProtoFile.FieldType) -> Self {
    Self(
      name: name, fields: [.init(name: "key", number: 1, type: .string), .init(name: "value", number: 2, type: value)],
      isMapEntry: true)
  }
}

private typealias Field = ProtoFile.Field
private typealias Message = ProtoFile.Message

private func one(_ name: String, _ type: ProtoFile.FieldType, number: Int) -> Field {
  Field(name: name, number: number, type: type)
}

private func many(_ name: String, _ type: ProtoFile.FieldType, number: Int) -> Field {
  Field(name: name, number: number, type: type, isRepeated: true)
}

/// A field of the message's first choice.
private func either(_ name: String, _ type: ProtoFile.FieldType, number: Int) -> Field {
  Field(name: name, number: number, type: type, choice: 0)
}

// MARK: The Open Inference Protocol v2

extension ProtoFile {
  private static let own = "inference."

  fileprivate static let inference = ProtoFile(
    name: "grpc_predict_v2.proto", package: "inference",
    messages: health2 + metadata + tensors + infer + statistics + repositoryMessages,
    services: [Service(name: "GRPCInferenceService", methods: methods("inference", inferenceMethods))])

  /// MLServer's service for the repository.
  fileprivate static let repository = ProtoFile(
    name: "model_repository.proto", package: "inference.model_repository",
    messages: repositoryMessages(of: "inference.model_repository."),
    services: [
      Service(name: "ModelRepositoryService", methods: methods("inference.model_repository", repositoryMethods))
    ])

  private static let inferenceMethods =
    ["ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer", "ModelStatistics"]
    + repositoryMethods
  private static let repositoryMethods = ["RepositoryIndex", "RepositoryModelLoad", "RepositoryModelUnload"]

  /// Methods whose messages have their names; the inference service's stream has not.
  private static func methods(_ package: String, _ names: [String]) -> [Method] {
    var methods = names.map {
      Method(name: $0, input: "\(package).\($0)Request", output: "\(package).\($0)Response")
    }
    if names.contains("ModelInfer") {
      methods.append(
        Method(
          name: "ModelStreamInfer", input: "inference.ModelInferRequest", output: "inference.ModelStreamInferResponse",
          isClientStream: true, isServerStream: true))
    }
    return methods
  }

  private static let named = [one("name", .string, number: 1), one("version", .string, number: 2)]

  private static let health2 = [
    Message(name: "ServerLiveRequest", fields: []),
    Message(name: "ServerLiveResponse", fields: [one("live", .bool, number: 1)]),
    Message(name: "ServerReadyRequest", fields: []),
    Message(name: "ServerReadyResponse", fields: [one("ready", .bool, number: 1)]),
    Message(name: "ModelReadyRequest", fields: named),
    Message(name: "ModelReadyResponse", fields: [one("ready", .bool, number: 1)]),
  ]

  private static let metadata = [
    Message(name: "ServerMetadataRequest", fields: []),
    Message(name: "ServerMetadataResponse", fields: named + [many("extensions", .string, number: 3)]),
    Message(name: "ModelMetadataRequest", fields: named),
    Message(
      name: "ModelMetadataResponse",
      fields: [
        one("name", .string, number: 1), many("versions", .string, number: 2), one("platform", .string, number: 3),
        many("inputs", .message(own + "ModelMetadataResponse.TensorMetadata"), number: 4),
        many("outputs", .message(own + "ModelMetadataResponse.TensorMetadata"), number: 5),
      ],
      messages: [
        Message(
          name: "TensorMetadata",
          fields: [
            one("name", .string, number: 1), one("datatype", .string, number: 2), many("shape", .int64, number: 3),
          ])
      ]),
  ]

  private static let tensors = [
    Message(
      name: "InferParameter",
      fields: [
        either("bool_param", .bool, number: 1), either("int64_param", .int64, number: 2),
        either("string_param", .string, number: 3),
        either("double_param", .double, number: 4), either("uint64_param", .uint64, number: 5),
      ], choices: ["parameter_choice"]),
    Message(
      name: "InferTensorContents",
      fields: [
        many("bool_contents", .bool, number: 1), many("int_contents", .int32, number: 2),
        many("int64_contents", .int64, number: 3),
        many("uint_contents", .uint32, number: 4), many("uint64_contents", .uint64, number: 5),
        many("fp32_contents", .float, number: 6),
        many("fp64_contents", .double, number: 7), many("bytes_contents", .bytes, number: 8),
      ]),
  ]

  /// A map of parameters in a message of this full name, and its entry.
  private static func parameters(_ message: String, _ number: Int) -> (field: Field, entry: Message) {
    (
      many("parameters", .message("\(own)\(message).ParametersEntry"), number: number),
      .map("ParametersEntry", .message(own + "InferParameter"))
    )
  }

  private static func tensor(_ name: String, of message: String) -> Message {
    let map = parameters("\(message).\(name)", 4)
    return Message(
      name: name,
      fields: [
        one("name", .string, number: 1), one("datatype", .string, number: 2), many("shape", .int64, number: 3),
        map.field,
        one("contents", .message(own + "InferTensorContents"), number: 5),
      ], messages: [map.entry])
  }

  private static let infer: [Message] = {
    let (request, response) = ("ModelInferRequest", "ModelInferResponse")
    let ofOutput = parameters("\(request).InferRequestedOutputTensor", 2)
    let (ofRequest, ofResponse) = (parameters(request, 4), parameters(response, 4))
    let head = [
      one("model_name", .string, number: 1), one("model_version", .string, number: 2), one("id", .string, number: 3),
    ]
    return [
      Message(
        name: request,
        fields: head + [
          ofRequest.field, many("inputs", .message("\(own)\(request).InferInputTensor"), number: 5),
          many("outputs", .message("\(own)\(request).InferRequestedOutputTensor"), number: 6),
          many("raw_input_contents", .bytes, number: 7),
        ],
        messages: [
          tensor("InferInputTensor", of: request),
          Message(
            name: "InferRequestedOutputTensor", fields: [one("name", .string, number: 1), ofOutput.field],
            messages: [ofOutput.entry]),
          ofRequest.entry,
        ]),
      Message(
        name: response,
        fields: head + [
          ofResponse.field, many("outputs", .message("\(own)\(response).InferOutputTensor"), number: 5),
          many("raw_output_contents", .bytes, number: 6),
        ], messages: [tensor("InferOutputTensor", of: response), ofResponse.entry]),
      Message(
        name: "ModelStreamInferResponse",
        fields: [one("error_message", .string, number: 1), one("infer_response", .message(own + response), number: 2)]),
    ]
  }()

  private static let statistics = [
    Message(name: "StatisticDuration", fields: [one("count", .uint64, number: 1), one("ns", .uint64, number: 2)]),
    Message(
      name: "InferStatistics",
      fields: ["success", "fail", "queue", "compute_input", "compute_infer", "compute_output"].enumerated().map {
        one($1, .message(own + "StatisticDuration"), number: $0 + 1)
      }),
    Message(
      name: "ModelStatistics",
      fields: named + [
        one("last_inference", .uint64, number: 3), one("inference_count", .uint64, number: 4),
        one("execution_count", .uint64, number: 5),
        one("inference_stats", .message(own + "InferStatistics"), number: 6),
      ]),
    Message(name: "ModelStatisticsRequest", fields: named),
    Message(
      name: "ModelStatisticsResponse", fields: [many("model_stats", .message(own + "ModelStatistics"), number: 1)]),
  ]

  private static let repositoryMessages = repositoryMessages(of: own)

  private static func repositoryMessages(of package: String) -> [Message] {
    let change = [one("repository_name", .string, number: 1), one("model_name", .string, number: 2)]
    return [
      Message(
        name: "RepositoryIndexRequest",
        fields: [one("repository_name", .string, number: 1), one("ready", .bool, number: 2)]),
      Message(
        name: "RepositoryIndexResponse",
        fields: [many("models", .message(package + "RepositoryIndexResponse.ModelIndex"), number: 1)],
        messages: [
          Message(
            name: "ModelIndex", fields: named + [one("state", .string, number: 3), one("reason", .string, number: 4)])
        ]),
      Message(name: "RepositoryModelLoadRequest", fields: change),
      Message(name: "RepositoryModelLoadResponse", fields: []),
      Message(name: "RepositoryModelUnloadRequest", fields: change),
      Message(name: "RepositoryModelUnloadResponse", fields: []),
    ]
  }
}

// MARK: gRPC's own services

extension ProtoFile {
  fileprivate static let health = ProtoFile(
    name: "grpc/health/v1/health.proto", package: "grpc.health.v1",
    messages: [
      Message(name: "HealthCheckRequest", fields: [one("service", .string, number: 1)]),
      Message(
        name: "HealthCheckResponse",
        fields: [one("status", .enumeration("grpc.health.v1.HealthCheckResponse.ServingStatus"), number: 1)],
        enumerations: [
          Enumeration(name: "ServingStatus", values: ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"])
        ]),
      Message(name: "HealthListRequest", fields: []),
      Message(
        name: "HealthListResponse",
        fields: [many("statuses", .message("grpc.health.v1.HealthListResponse.StatusesEntry"), number: 1)],
        messages: [.map("StatusesEntry", .message("grpc.health.v1.HealthCheckResponse"))]),
    ],
    services: [
      Service(
        name: "Health",
        methods: [
          Method(
            name: "Check", input: "grpc.health.v1.HealthCheckRequest", output: "grpc.health.v1.HealthCheckResponse"),
          Method(name: "List", input: "grpc.health.v1.HealthListRequest", output: "grpc.health.v1.HealthListResponse"),
          Method(
            name: "Watch", input: "grpc.health.v1.HealthCheckRequest", output: "grpc.health.v1.HealthCheckResponse",
            isServerStream: true),
        ])
    ])

  fileprivate static func reflection(_ version: String) -> ProtoFile {
    let package = "grpc.reflection.\(version)"
    func own(_ name: String) -> FieldType { .message("\(package).\(name)") }
    return ProtoFile(
      name: "grpc/reflection/\(version)/reflection.proto", package: package,
      messages: [
        Message(
          name: "ServerReflectionRequest",
          fields: [
            one("host", .string, number: 1), either("file_by_filename", .string, number: 3),
            either("file_containing_symbol", .string, number: 4),
            either("file_containing_extension", own("ExtensionRequest"), number: 5),
            either("all_extension_numbers_of_type", .string, number: 6), either("list_services", .string, number: 7),
          ], choices: ["message_request"]),
        Message(
          name: "ExtensionRequest",
          fields: [one("containing_type", .string, number: 1), one("extension_number", .int32, number: 2)]),
        Message(
          name: "ServerReflectionResponse",
          fields: [
            one("valid_host", .string, number: 1), one("original_request", own("ServerReflectionRequest"), number: 2),
            either("file_descriptor_response", own("FileDescriptorResponse"), number: 4),
            either("all_extension_numbers_response", own("ExtensionNumberResponse"), number: 5),
            either("list_services_response", own("ListServiceResponse"), number: 6),
            either("error_response", own("ErrorResponse"), number: 7),
          ], choices: ["message_response"]),
        Message(name: "FileDescriptorResponse", fields: [many("file_descriptor_proto", .bytes, number: 1)]),
        Message(
          name: "ExtensionNumberResponse",
          fields: [one("base_type_name", .string, number: 1), many("extension_number", .int32, number: 2)]),
        Message(name: "ListServiceResponse", fields: [many("service", own("ServiceResponse"), number: 1)]),
        Message(name: "ServiceResponse", fields: [one("name", .string, number: 1)]),
        Message(
          name: "ErrorResponse",
          fields: [one("error_code", .int32, number: 1), one("error_message", .string, number: 2)]),
      ],
      services: [
        Service(
          name: "ServerReflection",
          methods: [
            Method(
              name: "ServerReflectionInfo", input: "\(package).ServerReflectionRequest",
              output: "\(package).ServerReflectionResponse", isClientStream: true, isServerStream: true)
          ])
      ])
  }
}
