import OpzIO

/// Makes and checks names of Kubernetes objects: DNS labels (RFC 1123) of at most 63 characters.
public enum ObjectName {
  /// Derives an object name from a model name: `crm/churn_v2` becomes `crm-churn-v2`. A name that is too long keeps
  /// its beginning and gets eight digits of its hash, so that two long names stay different.
  /// - Throws: `KubernetesError` with the code `badName` for a name without a usable character.
  public static func of(model: String, limit: Int = limit) throws -> String {
    let mapped = model.utf8.map { byte in isLabel(byte) ? Character(Unicode.Scalar(byte)) : "-" }
    var name = String(mapped.drop { $0 == "-" })
    while name.last == "-" { name.removeLast() }
    // The name of a Service must start with a letter (RFC 1035).
    if let first = name.utf8.first, (48...57).contains(first) { name = "m-" + name }
    guard !name.isEmpty else {
      throw KubernetesError(
        .badName, "name", reason: "\"\(model.prefix(80))\" has no character that a Kubernetes name may have")
    }
    guard name.utf8.count > limit else { return name }
    var start = String(name.prefix(limit - 9))
    while start.last == "-" { start.removeLast() }
    return start + "-" + Digest.of(Array(model.utf8)).hex.prefix(8)
  }

  /// Derives the object name of one version: `churn-1-2-0`. Where two versions could get the same name, eight digits
  /// of the hash are added.
  /// - Throws: `KubernetesError` with the code `badName`.
  public static func of(model: String, version: String, limit: Int = limit) throws -> String {
    let text = "\(model)-\(version)"
    guard version.utf8.contains(where: { $0 != 46 && !(48...57).contains($0) }) else {
      return try of(model: text, limit: limit)
    }
    // Already lower case, so that the inner call changes nothing else.
    return try of(
      model: "\(text.lowercased().prefix(limit - 9))-\(Digest.of(Array(text.utf8)).hex.prefix(8))", limit: limit)
  }

  /// Checks a name that the user wrote.
  /// - Throws: `KubernetesError` with the code `badName`.
  public static func check(_ name: String, key: String) throws {
    let bytes = Array(name.utf8)
    guard let first = bytes.first, let last = bytes.last, bytes.count <= limit, bytes.allSatisfy(isLabel), first != 45,
      last != 45
    else {
      throw KubernetesError(
        .badName, key, reason: "\"\(name.prefix(80))\" is not a valid Kubernetes name",
        hint: "use at most 63 lower-case letters, digits and -")
    }
  }

  /// Checks the name of an object that is not a Service: a DNS subdomain (RFC 1123) of at most 253 characters.
  /// - Throws: `KubernetesError` with the code `badName`.
  public static func checkSubdomain(_ name: String, key: String) throws {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    let isName =
      name.utf8.count <= 253
      && parts.allSatisfy { part in
        part.utf8.allSatisfy(isLabel) && !part.isEmpty && !part.hasPrefix("-") && !part.hasSuffix("-")
      }
    guard isName else {
      throw KubernetesError(
        .badName, key, reason: "\"\(name.prefix(80))\" is not a valid Kubernetes name",
        hint: "use at most 253 lower-case letters, digits, - and .")
    }
  }

  /// Checks labels: the key is `[PREFIX/]NAME` with a DNS subdomain as prefix; name and value have at most 63
  /// letters, digits, `_`, `.` and `-`.
  /// - Throws: `KubernetesError` with the code `badName`.
  public static func checkLabels(_ labels: [String: String], key: String) throws {
    for (name, value) in labels.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
      let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if parts.count == 2 { try checkSubdomain(parts[0], key: key) }
      let last = parts.last ?? ""
      guard isQualified(last), value.isEmpty || isQualified(value) else {
        throw KubernetesError(
          .badName, key, reason: "\"\(name.prefix(80))\": \"\(value.prefix(80))\" is not a valid Kubernetes label",
          hint: "use at most 63 letters, digits, - _ and ., a letter or digit first and last")
      }
    }
  }

  private static func isQualified(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last, bytes.count <= limit else { return false }
    func isWord(_ byte: UInt8) -> Bool { isLabel(byte) && byte != 45 || (65...90).contains(byte) }
    return isWord(first) && isWord(last) && bytes.allSatisfy { isWord($0) || $0 == 45 || $0 == 46 || $0 == 95 }
  }

  /// Makes a label value: at most 63 characters, with `_`, `.` and `-` only inside.
  public static func labelValue(_ text: String) -> String {
    let mapped = text.utf8.map { byte in
      isLabel(byte) || (65...90).contains(byte) || byte == 46 || byte == 95 ? Character(Unicode.Scalar(byte)) : "_"
    }
    let edges: Set<Character> = ["-", "_", "."]
    var value = String(mapped.prefix(limit).drop { edges.contains($0) })
    while let last = value.last, edges.contains(last) { value.removeLast() }
    return value
  }

  /// The maximum length of a DNS label in characters (RFC 1123).
  public static let limit = 63

  private static func isLabel(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...122).contains(byte) || byte == 45
  }
}
