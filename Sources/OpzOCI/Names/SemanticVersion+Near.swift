extension SemanticVersion {
  /// The version probably meant by `v1.2.0`, `1.2` or `01.2.0`; nil for a text that no version is near to.
  public init?(near text: String) {
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
