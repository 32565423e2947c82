import OpzJSON
import OpzOCI
import OpzTestKit

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One response, as it came over the wire.
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

  /// Parses everything received before the end of a connection; nil if that is not a response.
  init?(_ bytes: [UInt8]) {
    guard bytes.starts(with: "HTTP/1.1 ".utf8), let end = Reply.end(bytes),
      let status = Int(String(decoding: bytes.dropFirst(9).prefix(3), as: UTF8.self))
    else { return nil }
    let head = String(decoding: bytes[..<end], as: UTF8.self)
    self.status = status
    headers = head.replacing("\r\n", with: "\n").split(separator: "\n").dropFirst().map { line in
      let name = line.prefix { $0 != ":" }
      return (name.lowercased(), String(line.dropFirst(name.count + 1).drop { $0 == " " }))
    }
    body = Array(bytes[(end + 4)...])
  }

  private static func end(_ bytes: [UInt8]) -> Int? {
    // Debug builds are slow, and some responses are large.
    bytes.withUnsafeBytes { all in
      guard let base = all.baseAddress else { return nil }
      var offset = 0
      while offset + 4 <= all.count, let found = memchr(base + offset, 13, all.count - offset - 3) {
        offset = UnsafeRawPointer(found) - base
        if all[offset + 1] == 10, all[offset + 2] == 13, all[offset + 3] == 10 { return offset }
        offset += 1
      }
      return nil
    }
  }
}
