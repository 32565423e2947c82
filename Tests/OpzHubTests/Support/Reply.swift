import OpzOCI
import OpzTestKit

/// One answer, as it came over the wire.
struct Reply: Sendable {
  let status: Int
  /// Names in lower case.
  let headers: [(name: String, value: String)]
  let body: [UInt8]

  subscript(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }

  var text: String { String(decoding: body, as: UTF8.self) }

  /// The code of a spec error.
  var code: String? {
    struct Document: Decodable { struct Entry: Decodable { let code: String }; let errors: [Entry] }
    return try? CanonicalJSON.decode(Document.self, from: body, subject: "").errors.first?.code
  }

  /// Splits all that came before the end of a connection; nil where that is no answer.
  init?(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.hasPrefix("HTTP/1.1 "), let end = Reply.end(bytes), let status = Int(text.dropFirst(9).prefix(3)) else {
      return nil
    }
    let head = String(decoding: bytes[..<end], as: UTF8.self)
    self.status = status
    headers = head.replacing("\r\n", with: "\n").split(separator: "\n").dropFirst().map { line in
      let name = line.prefix { $0 != ":" }
      return (name.lowercased(), String(line.dropFirst(name.count + 1).drop { $0 == " " }))
    }
    body = Array(bytes[(end + 4)...])
  }

  private static func end(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...(bytes.count - 4)).first { bytes[$0..<($0 + 4)].elementsEqual("\r\n\r\n".utf8) }
  }
}
