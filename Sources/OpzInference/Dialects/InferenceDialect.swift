/// A form of requests and responses over some transport: how a body becomes an `InferenceRequest`, and an answer a body.
package protocol InferenceDialect: Sendable {
  /// The fewest bytes of a value in a request's body, by which its memory is estimated.
  var valueBytes: Int { get }

  /// The most rows that may leave out values, of a body of so many bytes; nil where every row has all of its values.
  func sparseRows(ofBytes count: Int) -> Int?

  /// The most rows that may leave out values, of a body.
  func sparseRows(of body: [UInt8]) -> Int?

  /// Reads a request.
  /// - Throws: `RequestFailure` for a malformed one.
  func request(_ body: [UInt8], _ context: InferenceContext) throws -> InferenceRequest

  /// Writes the response.
  /// - Throws: `RequestFailure` where the form cannot say a value.
  func response(_ answer: InferenceAnswer) throws -> InferenceBody

  /// The most bytes that writing the response takes, the response itself among them.
  func responseBytes(_ answer: InferenceAnswer) -> Int
}

extension InferenceDialect {
  package func sparseRows(ofBytes count: Int) -> Int? { nil }
  package func sparseRows(of body: [UInt8]) -> Int? { nil }
}

/// What a dialect needs to know to read a request.
package struct InferenceContext: Sendable {
  package let model: ServedModel
  package let rules: InputRules

  package init(_ model: ServedModel, _ limits: ServerLimits) {
    self.model = model
    rules = model.rules(limits)
  }

  /// The most columns of a table.
  var mostColumns: Int { max(1000, model.inputs.count) }
}

/// The body of a response.
package struct InferenceBody: Sendable {
  package var bytes: [UInt8]
  package var contentType: String
  /// Bytes of the JSON at its start, where binary tensors follow it.
  package var jsonCount: Int?

  package init(_ bytes: [UInt8], contentType: String = "application/json", jsonCount: Int? = nil) {
    self.bytes = bytes
    self.contentType = contentType
    self.jsonCount = jsonCount
  }
}
