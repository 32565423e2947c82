import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One connection of a `ScriptedServer`, used by its own thread.
final class ServerConnection: @unchecked Sendable {
  private let descriptor: Int32
  private let isOpen = Mutex(true)
  private var pending: [UInt8] = []

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  func end() {
    isOpen.withLock { open in
      guard open else { return }
      // A child process started meanwhile may hold a copy of the descriptor.
      _ = shutdown(descriptor, Int32(SHUT_RDWR))
      close(descriptor)
      open = false
    }
  }

  /// Closes the connection from another thread.
  func shutDown() {
    isOpen.withLock { if $0 { _ = shutdown(descriptor, Int32(SHUT_RDWR)) } }
  }

  struct Head {
    var method: String
    var target: String
    var headers: [(name: String, value: String)]
  }

  func readHead() -> Head? {
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let place = find(end) {
        let text = String(decoding: pending[..<place], as: UTF8.self)
        pending.removeFirst(place + end.count)
        return parse(text)
      }
      guard pending.count < 1 << 20, fill() else { return nil }
    }
  }

  /// The first bytes of a body, and the number received: fewer than `length` if the peer closes early.
  func readBody(_ length: Int, keeping limit: Int) -> (kept: [UInt8], count: Int) {
    var kept: [UInt8] = []
    var left = length
    while left > 0 {
      if pending.isEmpty, !fill() { break }
      let count = min(left, pending.count)
      kept += pending.prefix(min(count, limit - kept.count))
      pending.removeFirst(count)
      left -= count
    }
    return (kept, length - left)
  }

  func continueIfExpected(_ request: ScriptedServer.Request) {
    if request.header("expect")?.lowercased() == "100-continue" {
      _ = push(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }
  }

  /// Writes a response; false if the connection is closed.
  @discardableResult
  func write(_ answer: ScriptedServer.Answer, isHead: Bool) -> Bool {
    guard answer.status > 0 else { return false }
    var text = "HTTP/1.1 \(answer.status) Scripted\r\n"
    for (name, value) in answer.headers { text += "\(name): \(value)\r\n" }
    if answer.status != 204 { text += "Content-Length: \(answer.length ?? answer.body.count)\r\n" }
    guard push(Array("\(text)\r\n".utf8)) else { return false }
    if isHead { return true }
    let body = answer.body.prefix(answer.cutAfter ?? .max)
    return push(Array(body)) && answer.cutAfter == nil
  }

  private func parse(_ text: String) -> Head? {
    let lines = text.replacing("\r\n", with: "\n").split(separator: "\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3 else { return nil }
    let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
    }
    return Head(method: String(words[0]), target: String(words[1]), headers: headers)
  }

  private func find(_ pattern: [UInt8]) -> Int? {
    guard pending.count >= pattern.count else { return nil }
    return (0...(pending.count - pattern.count)).first { pending[$0..<($0 + pattern.count)].elementsEqual(pattern) }
  }

  private func fill() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count > 0 { pending += buffer.prefix(count) }
    return count > 0
  }

  private func push(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }
}
