import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A TCP connection to a port on 127.0.0.1 that sends exactly the bytes it is told to. Every call blocks.
public final class RawConnection {
  /// A connection that could not be made or read.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String

    /// Creates a failure with the text to show.
    public init(description: String) { self.description = description }
  }

  private let descriptor: Int32
  /// The peer ended the connection with a reset (RST).
  public private(set) var wasReset = false

  /// Connects. Calls time out after an hour, so that a test cannot hang; a server in the test process may have to
  /// wait while hundreds of other tests run.
  public init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var wait = timeval(tv_sec: 3600, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failure(description: "connect: \(IOFailure.text(of: errno))") }
  }

  deinit { close(descriptor) }

  /// Sends a text.
  /// - Returns: false when the peer has closed.
  @discardableResult
  public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Sends all bytes.
  /// - Returns: false when the peer has closed.
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Closes the sending side of the connection.
  public func finishSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  /// Receives until the peer closes or resets the connection.
  public func receiveAll() throws -> String {
    var all: [UInt8] = []
    while let piece = try receive() { all += piece }
    return String(decoding: all, as: UTF8.self)
  }

  /// The next response with a content length, head and body; nil if the peer closes first.
  public func receiveResponse() throws -> (status: Int, head: String, body: String)? {
    var all: [UInt8] = []
    while true {
      let text = String(decoding: all, as: UTF8.self)
      if let end = text.firstRange(of: "\r\n\r\n") {
        let head = String(text[..<end.lowerBound])
        let status = Int(head.dropFirst(9).prefix(3)) ?? 0
        let length = head.lowercased().firstMatch(of: /content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
        let body = text[end.upperBound...]
        if body.utf8.count >= length { return (status, head, String(body)) }
      }
      guard let piece = try receive() else { return nil }
      all += piece
    }
  }

  /// The next bytes from the peer; nil when it has closed.
  public func receive() throws -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count > 0 { return Array(buffer[..<count]) }
    if count < 0, errno == ECONNRESET { wasReset = true }
    if count == 0 || errno == ECONNRESET { return nil }
    throw Failure(description: "recv: \(IOFailure.text(of: errno))")
  }
}
