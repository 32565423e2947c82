public import OpzJSON

/// What is signed is bytes: two readers that take another of two equal keys would see two statements under one signature.
public enum StrictJSON {
  /// Values of one document, keys among them: anybody may attach one of 64 MiB, and its shortest values would take gigabytes.
  static let most = 3_000_000

  /// Reads a document that counts as evidence.
  /// - Parameters:
  ///   - shape: what its keys are compared with, so that none counts which only some readers find.
  ///   - subject: what the error names.
  /// - Throws: `TrustError.malformed`.
  public static func read(_ bytes: [UInt8], _ shape: JSONShape = .anything, subject: String) throws -> JSONValue {
    try read(bytes, shape, subject: subject) { $0.value }
  }

  /// Reads a document in place.
  /// - Parameter values: more of them, keys among them, are refused.
  /// - Throws: `TrustError.malformed`, and what `body` throws.
  static func read<Value>(
    _ bytes: [UInt8], _ shape: JSONShape, values: Int = most, subject: String, _ body: (JSONPlace) throws -> Value
  ) throws -> Value {
    var options = JSONOptions()
    options.valueCount = values
    do {
      return try JSONPlace.read(bytes, shape, options: options, body)
    } catch let failure as JSONFailure {
      throw StrictJSON.error(failure, subject)
    }
  }

  /// Compares a document that was read with a shape.
  /// - Throws: `TrustError.malformed`.
  static func check(_ document: JSONValue, _ shape: JSONShape, subject: String) throws {
    do {
      _ = try JSONValue(json: CanonicalJSON.encode(document), shape)
    } catch let failure as JSONFailure {
      throw StrictJSON.error(failure, subject)
    }
  }

  private static func error(_ failure: JSONFailure, _ subject: String) -> TrustError {
    TrustError(.malformed, subject, "not the expected JSON \(failure)", hint: failure.hint)
  }
}
