public import OpzIO
public import OpzJSON

extension CanonicalJSON {
  /// Reads a document of a known type.
  /// - Parameters:
  ///   - shape: what its keys are compared with, so that a key which only some readers find is refused.
  ///   - subject: what the error names.
  /// - Throws: `OCIError`; `ambiguousDocument` for what two readers take differently.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], _ shape: JSONShape = .anything, subject: String
  ) throws -> Value {
    do {
      return try JSONDecoding.decode(type, from: bytes, shape)
    } catch let failure as JSONFailure {
      throw OCIError(failure, subject)
    }
  }
}

extension OCIError {
  /// Why a document is not read.
  public init(_ failure: JSONFailure, _ subject: String) {
    let code: Code =
      switch failure.kind {
      case .ambiguous: .ambiguousDocument
      case .tooLarge: .tooLarge
      case .syntax, .tooDeep, .mismatch: .badDocument
      }
    self.init(
      code, subject, failure.offset == nil ? failure.reason : "not the expected JSON \(failure)", hint: failure.hint)
  }
}
