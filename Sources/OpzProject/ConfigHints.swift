public import OpzOCI

extension ModelName {
  /// A valid name similar to an invalid text, to suggest.
  public static func near(_ text: String) -> String? {
    let parts = text.prefix(256).lowercased().split(separator: "/").map { part in
      let mapped = part.unicodeScalars.map { ConfigCharacters.isLowerOrDigit($0) ? Character($0) : "-" }
      let joined = String(mapped).split(separator: "-").joined(separator: "-").prefix(60)
      return joined.hasSuffix("-") ? joined.dropLast() : joined
    }
    return (try? ModelName(parts.filter { !$0.isEmpty }.joined(separator: "/")))?.description
  }
}

extension SemanticVersion {
  /// The version probably meant by `v1.2.0`, `1.2` or `01.2.0`.
  init?(near text: String) {
    let plain = text.hasPrefix("v") || text.hasPrefix("V") ? text.dropFirst() : text[...]
    var numbers = plain.split(separator: ".", omittingEmptySubsequences: false).map { part in
      part.utf8.allSatisfy { $0 == 48 } && !part.isEmpty ? "0" : String(part.drop { $0 == "0" })
    }
    if let version = SemanticVersion(String(plain)) {
      self = version
      return
    }
    while (1..<3).contains(numbers.count) { numbers.append("0") }
    self.init(numbers.joined(separator: "."))
  }
}

enum ConfigCharacters {
  static func isLowerOrDigit(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
  }
}
