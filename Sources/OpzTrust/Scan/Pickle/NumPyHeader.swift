import OpzIO

/// The header of an array in NumPy's own format (NEP 1): a signature, a version, a length, and a dictionary in Python's
/// syntax.
struct NumPyHeader {
  static let mark: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Whether the elements are objects; then a pickle follows.
  let holdsObjects: Bool
  /// Size of the elements in bytes, if they are not objects.
  let size: UInt64

  /// Why the header does not tell what follows it.
  struct Problem: Error {
    let reason: String
  }

  /// The longest header that `numpy.load` reads when it may not load pickles.
  private static let lengthLimit: UInt64 = 1 << 20

  /// Reads a header, beginning with its signature.
  /// - Throws: `Problem`, or what reading throws.
  init(_ bytes: inout PickleBytes) throws {
    guard try bytes.bytes(NumPyHeader.mark.count) == NumPyHeader.mark, let major = try bytes.byte(),
      let minor = try bytes.byte()
    else { throw Problem(reason: "is cut short") }
    guard (1...3).contains(major), minor == 0 else { throw Problem(reason: "has the version \(major).\(minor)") }
    guard let length = try bytes.number(major == 1 ? 2 : 4) else { throw Problem(reason: "is cut short") }
    guard length <= NumPyHeader.lengthLimit else { throw Problem(reason: "has \(length) bytes, which is too many") }
    guard let raw = try bytes.bytes(Int(length)) else { throw Problem(reason: "is cut short") }
    self = try NumPyHeader(text: try NumPyHeader.decode(raw, isUTF8: major == 3))
  }

  /// The header is Latin-1 before version 3, and UTF-8 since.
  private static func decode(_ raw: [UInt8], isUTF8: Bool) throws -> String {
    guard isUTF8 else { return String(String.UnicodeScalarView(raw.map { Unicode.Scalar($0) })) }
    guard let text = String(validating: raw, as: UTF8.self) else { throw Problem(reason: "is not UTF-8") }
    return text
  }

  private init(text: String) throws {
    let literal: PythonLiteral
    do { literal = try PythonLiteral(text) } catch let problem as PythonLiteral.Problem {
      throw Problem(reason: problem.reason)
    }
    guard case .dictionary = literal, let description = literal["descr"] else {
      throw Problem(reason: "does not say what the elements are")
    }
    guard let type = NumPyType(description) else {
      throw Problem(reason: "describes its elements in a way that opz does not understand")
    }
    guard case .tuple(let shape)? = literal["shape"] else { throw Problem(reason: "does not give the array's shape") }
    var size = type.size
    for dimension in shape {
      guard case .number(let length) = dimension, let length = UInt64(exactly: length) else {
        throw Problem(reason: "does not give the array's shape")
      }
      let (product, overflow) = size.multipliedReportingOverflow(by: length)
      guard !overflow else { throw Problem(reason: "gives an impossible size") }
      size = product
    }
    self.size = size
    holdsObjects = type.holdsObjects
  }
}
