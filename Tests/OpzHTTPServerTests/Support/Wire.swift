import OpzTestKit

/// One response of a server, as it came over the wire.
struct Reply {
  let status: Int
  /// The head in lower case, with its line ends.
  let head: String
  let body: String

  var closes: Bool { head.contains("connection: close\r\n") }

  func field(_ name: String) -> String? {
    head.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
  }
}

/// A connection from which responses are read one after the other.
final class Wire {
  private let connection: RawConnection
  private var pending: [UInt8] = []

  init(_ port: Int) throws { connection = try RawConnection(port: port) }

  @discardableResult
  func send(_ text: String) -> Bool { connection.send(text) }

  func finishSending() { connection.finishSending() }

  /// The next response; nil if the connection ends before it.
  /// - Parameter isHead: the response has no body, whatever its Content-Length.
  func reply(isHead: Bool = false) throws -> Reply? {
    while true {
      if let end = headEnd() {
        let head = String(decoding: pending[..<end], as: UTF8.self)
        let status = Int(head.dropFirst(9).prefix(3)) ?? 0
        let length = head.lowercased().firstMatch(of: /content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
        let count = isHead || status < 200 || status == 204 ? 0 : length
        if pending.count >= end + count {
          let body = String(decoding: pending[end..<end + count], as: UTF8.self)
          pending.removeFirst(end + count)
          return Reply(status: status, head: head.lowercased(), body: body)
        }
      }
      guard let piece = try connection.receive() else { return nil }
      pending += piece
    }
  }

  /// Everything that comes until the end of the connection.
  func rest() throws -> String {
    while let piece = try connection.receive() { pending += piece }
    return String(decoding: pending, as: UTF8.self)
  }

  private func headEnd() -> Int? {
    let end = Array("\r\n\r\n".utf8)
    guard pending.count >= 4 else { return nil }
    return (0...(pending.count - 4)).first { pending[$0..<$0 + 4].elementsEqual(end) }.map { $0 + 4 }
  }
}
