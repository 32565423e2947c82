import OpzIO

/// The decoded query parameters of a target. The first of duplicate names counts, but `all` has every one.
package struct Query: Sendable {
  private let pairs: [(name: String, value: String)]

  init(_ text: some StringProtocol) {
    pairs = text.split(separator: "&").prefix(64).map { pair in
      let name = pair.prefix { $0 != "=" }
      let value = String(pair.dropFirst(name.count + 1))
      return (PercentCoding.decodeLossy(String(name)), PercentCoding.decodeLossy(value.replacing("+", with: " ")))
    }
  }

  /// The first value of a name.
  package subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }

  func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }
}
