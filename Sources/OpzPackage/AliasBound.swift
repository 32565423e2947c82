/// A bound on the aliases of a YAML text, checked before it is parsed.
///
/// opz.yaml has no aliases, but they show only when the document is composed, and Yams hashes the keys of each mapping with all
/// that an alias in a key stands for. With n aliases that is up to e^(n/e) nodes: some 360 here, and no end without a bound.
enum AliasBound {
  static let maximum = 16

  /// Counts `*name`, in comments and quotes too.
  /// - Parameter refuse: called with the line and the reason; it throws.
  static func check(_ text: String, refuse: (_ line: Int, _ reason: String) throws -> Void) throws {
    var (line, count) = (1, 0)
    var previous = UInt8(ascii: "\n")
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\n") { line += 1 }
      if previous == UInt8(ascii: "*"), byte > UInt8(ascii: " "), byte != UInt8(ascii: "*") { count += 1 }
      if count > maximum { return try refuse(line, "more than \(maximum) aliases (*name)") }
      previous = byte
    }
  }
}
