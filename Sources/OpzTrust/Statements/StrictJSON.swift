public import OpzJSON

/// Reads JSON that is signed or counts as evidence. Duplicate keys are refused: readers that pick different ones would
/// see different statements under one signature.
public enum StrictJSON {
  /// The most values in a document, keys included. Anybody may attach 64 MiB of tiny values, which would take gigabytes
  /// of memory.
  static let most = 3_000_000

  /// Reads a document that counts as evidence.
  /// - Parameters:
  ///   - shape: the known keys; a key that only some readers would recognize as one of them is refused.
  ///   - subject: names the document in errors.
  /// - Throws: `TrustError.malformed`.
  public static func read(_ bytes: [UInt8], _ shape: JSONShape = .anything, subject: String) throws -> JSONValue {
    try read(bytes, shape, subject: subject) { $0.value }
  }

  /// Reads a document without copying it into values first.
  /// - Parameter values: the most values, keys included.
  /// - Throws: `TrustError.malformed`, and what `body` throws.
  static func read<Value>(
    _ bytes: [UInt8], _ shape: JSONShape, values: Int = most, subject: String, body: (JSONView) throws -> Value
  ) throws -> Value {
    var options = JSONOptions()
    options.valueCount = values
    do {
      return try JSONView.read(bytes, shape, options: options, body: body)
    } catch let failure as JSONFailure {
      throw StrictJSON.error(failure, subject, in: bytes)
    }
  }

  /// Checks a document that was read already against a shape.
  /// - Throws: `TrustError.malformed`.
  static func check(_ document: JSONValue, _ shape: JSONShape, subject: String) throws {
    let bytes = try CanonicalJSON.encode(document)
    do {
      _ = try JSONValue(json: bytes, shape)
    } catch let failure as JSONFailure {
      throw StrictJSON.error(failure, subject, in: bytes)
    }
  }

  private static func error(_ failure: JSONFailure, _ subject: String, in text: [UInt8]) -> TrustError {
    TrustError(.malformed, subject, reason: "not the expected JSON \(failure.described(in: text))", hint: failure.hint)
  }
}
