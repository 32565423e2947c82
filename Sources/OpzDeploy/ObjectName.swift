import OpzIO

/// Names of Kubernetes objects: DNS labels (RFC 1123), at most 63 characters.
public enum ObjectName {
  /// The name of the objects of a model: `crm/churn_v2` becomes `crm-churn-v2`. A name that is too long keeps its beginning and gets
  /// eight digits of its hash, so that two long names stay different.
  public static func of(model: String) throws -> String {
    let mapped = model.utf8.map { byte in isLabel(byte) ? Character(Unicode.Scalar(byte)) : "-" }
    var name = String(mapped.drop { $0 == "-" })
    while name.last == "-" { name.removeLast() }
    // A Service's name must begin with a letter (RFC 1035).
    if let first = name.utf8.first, (48...57).contains(first) { name = "m-" + name }
    guard !name.isEmpty else {
      throw DeployError(.badName, "name", "\"\(model.prefix(80))\" has no character that a Kubernetes name may have")
    }
    guard name.utf8.count > limit else { return name }
    var start = String(name.prefix(limit - 9))
    while start.last == "-" { start.removeLast() }
    return start + "-" + Digest.of(Array(model.utf8)).hex.prefix(8)
  }

  /// Checks a name that the user wrote.
  public static func check(_ name: String, key: String) throws {
    let bytes = Array(name.utf8)
    guard let first = bytes.first, let last = bytes.last, bytes.count <= limit, bytes.allSatisfy(isLabel), first != 45,
      last != 45
    else {
      throw DeployError(
        .badName, key, "\"\(name.prefix(80))\" is not a name of Kubernetes",
        hint: "use at most 63 lower-case letters, digits and -")
    }
  }

  /// A value of a label: at most 63 characters, `_`, `.` and `-` inside.
  static func labelValue(_ text: String) -> String {
    let mapped = text.utf8.map { byte in
      isLabel(byte) || (65...90).contains(byte) || byte == 46 || byte == 95 ? Character(Unicode.Scalar(byte)) : "_"
    }
    let edges: Set<Character> = ["-", "_", "."]
    var value = String(mapped.prefix(limit).drop { edges.contains($0) })
    while let last = value.last, edges.contains(last) { value.removeLast() }
    return value
  }

  private static let limit = 63

  private static func isLabel(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...122).contains(byte) || byte == 45
  }
}
