public import OpzIO
public import OpzJSON

extension CanonicalJSON {
  /// Decodes a document of a known type.
  /// - Parameters:
  ///   - type: the type to decode.
  ///   - bytes: the document.
  ///   - shape: the known keys, which catch keys that only some readers would find.
  ///   - subject: the document's name in errors.
  /// - Throws: `OCIError`, with code `ambiguousDocument` for a document that readers interpret differently.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], _ shape: JSONShape = .anything, subject: String
  ) throws -> Value {
    do {
      return try JSONDecoding.decode(type, from: bytes, shape)
    } catch let failure as JSONFailure {
      throw OCIError(failure, subject, in: bytes)
    }
  }
}

extension OCIError {
  /// Converts a JSON failure; `subject` names the document, and `text` is what it contains.
  public init(_ failure: JSONFailure, _ subject: String, in text: [UInt8]) {
    let code: Code =
      switch failure.kind {
      case .ambiguous: .ambiguousDocument
      case .tooLarge: .tooLarge
      case .syntax, .tooDeep, .mismatch: .badDocument
      }
    self.init(
      code, subject,
      reason: failure.offset == nil ? failure.reason : "not the expected JSON \(failure.described(in: text))",
      hint: failure.hint)
  }
}
