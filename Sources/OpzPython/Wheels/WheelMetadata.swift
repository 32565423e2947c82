/// A wheel's METADATA, as texts (PyPA, core metadata).
public struct WheelMetadata: Hashable, Sendable {
  /// As the project spells it: `Flask`.
  public let name: String
  public let version: String
  /// A version specifier: `>=3.9`.
  public let requiresPython: String?
  /// Dependency specifiers, in order: `numpy>=1.24; extra == "x"`.
  public let requiresDist: [String]
  /// Names of extras, in order.
  public let providesExtra: [String]

  /// - Throws: `PythonError` if required fields are missing or do not match the wheel's name.
  init(_ text: String, of wheel: WheelName) throws {
    let subject = "wheel \(wheel): METADATA"
    let fields = MetadataFields(text)
    name = try fields.required("Name", of: subject)
    version = try fields.required("Version", of: subject)
    guard WheelName.isDistribution(name), WheelName.normalized(name) == wheel.normalizedDistribution else {
      throw PythonError(.malformed, subject, reason: "its name is \"\(name.prefix(100))\"")
    }
    guard NormalizedVersion.key(version) == NormalizedVersion.key(wheel.version) else {
      throw PythonError(.malformed, subject, reason: "its version is \"\(version.prefix(100))\"")
    }
    requiresPython = try fields.one("Requires-Python", of: subject)
    requiresDist = fields.all("Requires-Dist")
    providesExtra = fields.all("Provides-Extra")
  }
}

/// The content of a wheel's WHEEL file: how it was built.
struct WheelDescription {
  let isPurelib: Bool
  /// Those of its tags that are valid.
  let tags: [WheelTag]

  init(_ text: String, of wheel: WheelName) throws {
    let subject = "wheel \(wheel): WHEEL"
    let fields = MetadataFields(text)
    let version = try fields.required("Wheel-Version", of: subject)
    guard version.split(separator: ".", omittingEmptySubsequences: false).first == "1" else {
      throw PythonError(.malformed, subject, reason: "it has version \(version.prefix(20)) of the format; opz reads 1")
    }
    switch try fields.required("Root-Is-Purelib", of: subject).lowercased() {
    case "true": isPurelib = true
    case "false": isPurelib = false
    default: throw PythonError(.malformed, subject, reason: "Root-Is-Purelib is neither true nor false")
    }
    // What a wheel fits is decided by its file name, as installers do; some build systems write other things here.
    tags = fields.all("Tag").filter { $0.utf8.count <= 255 }.flatMap {
      WheelTag.expand($0.split(separator: "-", omittingEmptySubsequences: false)) ?? []
    }
  }
}

/// The fields of METADATA and WHEEL: `Key: value` lines up to the first empty line, as parsed by Python's
/// email.parser with its compat32 policy (PyPA, core metadata).
struct MetadataFields {
  private var values: [String: [String]] = [:]

  init(_ text: String) {
    var current: (key: String, value: String)?
    for line in ASCII.lines(text) {
      guard let first = line.utf8.first else { break }
      if first == 0x20 || first == 0x09 {
        // A continuation line.
        guard current != nil else { break }
        current?.value.append("\n" + line)
        continue
      }
      // A line that is not a field starts the body.
      guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
        line[..<colon].utf8.allSatisfy({ (0x21..<0x7f).contains($0) })
      else { break }
      keep(current)
      current = (line[..<colon].lowercased(), String(ASCII.trimmed(line[line.utf8.index(after: colon)...])))
    }
    keep(current)
  }

  private mutating func keep(_ field: (key: String, value: String)?) {
    if let field { values[field.key, default: []].append(field.value) }
  }

  /// All values of a field, in order.
  func all(_ key: String) -> [String] { values[key.lowercased()] ?? [] }

  /// The only value of a field; nil if there is none.
  /// - Throws: `PythonError` if there are several, because programs would differ in which one they use.
  func one(_ key: String, of subject: String) throws -> String? {
    let found = all(key)
    guard found.count <= 1 else {
      throw PythonError(.malformed, subject, reason: "it has \(found.count) fields named \(key)")
    }
    return found.first
  }

  /// - Throws: `PythonError` unless there is exactly one, not empty.
  func required(_ key: String, of subject: String) throws -> String {
    guard let value = try one(key, of: subject), !value.isEmpty else {
      throw PythonError(.malformed, subject, reason: "it has no field named \(key)")
    }
    return value
  }
}
