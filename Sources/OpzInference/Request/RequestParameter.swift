/// Parameters of the protocol and of Triton's extensions. Those that would change the response and that this server does
/// not support (sequence, schedule policy, classification, shared memory) are refused, because ignoring them would give
/// a wrong response; unknown ones are hints and ignored.
enum RequestParameter {
  private static let unsupported: [String: String] = [
    "sequence_id": "a model here has no state, so there are no sequences",
    "sequence_start": "a model here has no state, so there are no sequences",
    "sequence_end": "a model here has no state, so there are no sequences",
    "priority": "requests are answered in order",
    "timeout": "it is a parameter of the request",
    "classification": "ask for the output itself and take its largest values",
    "shared_memory_region": "send the tensor as data",
    "shared_memory_offset": "send the tensor as data",
    "shared_memory_byte_size": "send the tensor as data",
    "binary_data_size": "it is a parameter of an input",
  ]

  /// - Parameter owner: `the request`, `an input`, `an output`.
  static func check(_ key: String, of owner: String) throws {
    guard let reason = unsupported[key] else { return }
    throw RequestFailure.bad("'\(key)' of \(owner) is not supported: \(reason)")
  }

  /// 0 is the default priority, and some clients say it.
  static func checkPriority(_ priority: Int) throws { if priority != 0 { try check("priority", of: "the request") } }

  /// The parameter `timeout`, in microseconds; 0 for none (Triton's schedule policy extension).
  static func timeout(microseconds: Int) throws -> Duration? {
    guard microseconds >= 0 else {
      throw RequestFailure.bad("'timeout' of the request is \(microseconds): it is a number of microseconds")
    }
    return microseconds == 0 ? nil : .microseconds(microseconds)
  }
}
