import OpzIO

/// The parameters of a target, decoded; of a name given twice the first counts, but `all` has every one.
struct Query: Sendable {
  private let pairs: [(name: String, value: String)]

  init(_ text: some StringProtocol) {
    pairs = text.split(separator: "&").prefix(64).map { pair in
      let name = pair.prefix { $0 != "=" }
      let value = String(pair.dropFirst(name.count + 1))
      return (Query.decode(String(name)), Query.decode(value.replacing("+", with: " ")))
    }
  }

  subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }

  func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

  /// Percent signs with two hex digits become bytes; what is no UTF-8 then becomes U+FFFD, which no name has.
  static func decode(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let byte = Hex.decode(
          Array(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self).lowercased().utf8))
      {
        decoded += byte
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }
}
