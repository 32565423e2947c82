import OpzOCI

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
