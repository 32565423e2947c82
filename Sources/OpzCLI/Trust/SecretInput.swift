import OpzFlow
import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Reads a secret from standard input.
enum SecretInput {
  static let limit = 64 << 10

  /// Reads all of standard input, without the trailing newline. Blocking.
  static func standardInput() throws -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(STDIN_FILENO, &buffer, buffer.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw IOFailure(errno: errno, operation: "read", path: "standard input")
      }
      if count == 0 { break }
      bytes += buffer.prefix(count)
      guard bytes.count <= limit else { throw refusal("it is longer than \(limit) bytes") }
    }
    return try secret(bytes)
  }

  /// Validates and decodes a secret.
  static func secret(_ bytes: [UInt8]) throws -> String {
    var rest = bytes[...]
    if rest.last == UInt8(ascii: "\n") { rest.removeLast() }
    if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
    guard !rest.isEmpty else { throw refusal("it is empty") }
    guard let text = String(validating: rest, as: UTF8.self), rest.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
      throw refusal("it contains a line break or another control character")
    }
    return text
  }

  private static func refusal(_ reason: String) -> FlowError { FlowError(.usage, "the secret", reason: reason) }
}
