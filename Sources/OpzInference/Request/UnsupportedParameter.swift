/// Parameters of the protocol and of Triton's extensions (sequence, schedule policy, classification, shared memory)
/// that would change the response and that this server does not support. Ignoring them would give a wrong response.
enum UnsupportedParameter {
  private static let reasons: [String: String] = [
    "sequence_id": "a model here has no state, so there are no sequences",
    "sequence_start": "a model here has no state, so there are no sequences",
    "sequence_end": "a model here has no state, so there are no sequences",
    "priority": "requests are answered in order",
    "timeout": "requests have no time limit of their own",
    "classification": "ask for the output itself and take its largest values",
    "shared_memory_region": "send the tensor as data",
    "shared_memory_offset": "send the tensor as data",
    "shared_memory_byte_size": "send the tensor as data",
    "binary_data_size": "binary tensor data is not supported: send the tensors as JSON (binary_data false)",
  ]

  /// - Parameter owner: `the request`, `an input`, `an output`.
  static func check(_ key: String, of owner: String) throws {
    guard let reason = reasons[key] else { return }
    throw RequestFailure.bad("'\(key)' of \(owner) is not supported: \(reason)")
  }
}
