/// An inference request, whatever dialect it came in: checked against the protocol, and its inputs in the form that the
/// model takes, but not yet against the model.
package struct InferenceRequest: Sendable {
  package var id: String?
  package var inputs: [InputTensor] = []
  /// The requested outputs; nil for all.
  package var outputs: [RequestedOutput]?
  /// Whether outputs are binary unless they say otherwise themselves.
  package var binaryOutputs = false
  /// How long the client waits; nil for no limit of its own.
  package var timeout: Duration?
  /// The request's own parameters as a JSON object; nil for none, or where the dialect has none.
  package var parameters: [UInt8]?

  package init() {}
}

/// An output by its name, and how it is sent.
package struct RequestedOutput: Sendable, Equatable {
  package var name: String
  /// Whether it is sent as a binary tensor; nil for what the request says.
  package var isBinary: Bool?

  package init(_ name: String, isBinary: Bool? = nil) {
    self.name = name
    self.isBinary = isBinary
  }
}

/// One input of an inference request.
package struct InputTensor: Sendable {
  package enum Values: Sendable {
    /// Numbers; NaN is missing.
    case numbers([Float])
    /// Numbers for a model that needs float64; NaN is missing.
    case doubles([Double])
    /// Category codes of texts; NaN is missing.
    case codes([Float])
    /// Texts of a feature that takes any text; nil is missing.
    case texts([String?])
    /// As the binary extension has them, for a predictor that takes tensors.
    case raw(bytes: [UInt8], missing: [Int])
  }

  package let name: String
  package let datatype: Datatype
  package let shape: [Int]
  /// Row-major; the count is the product of the shape.
  package let values: Values

  package init(name: String, datatype: Datatype, shape: [Int], values: Values) {
    self.name = name
    self.datatype = datatype
    self.shape = shape
    self.values = values
  }

  /// The tensor's first dimension, its rows.
  var rows: Int { shape.first ?? 0 }
  /// Values per row.
  var columns: Int { shape.count < 2 ? 1 : shape.dropFirst().reduce(1) { $0.times($1) } }
}
