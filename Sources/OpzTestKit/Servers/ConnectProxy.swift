import OpzIO
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A proxy on 127.0.0.1 that only supports CONNECT and connects every tunnel to one local port, whatever host was
/// requested: a client talks to a stand-in server under the real host's name, with TLS.
public final class ConnectProxy: Sendable {
  private let listener: LoopbackListener
  private let asked = Mutex<[String]>([])

  /// - Parameter port: the port to which all tunnels connect.
  public init(to port: UInt16) throws {
    listener = try LoopbackListener()
    let listener = listener
    _ = startThread { [weak self] in
      while let client = listener.accept() {
        let isStarted = startThread { [weak self] in
          self?.tunnel(client, to: port)
          close(client)
        }
        if !isStarted { close(client) }
      }
    }
  }

  deinit { listener.stop() }

  /// `http://127.0.0.1:PORT`.
  public var address: String { "http://127.0.0.1:\(listener.port)" }

  /// The requested `HOST:PORT` of each tunnel, in order.
  public var targets: [String] { asked.withLock { $0 } }

  private func tunnel(_ client: Int32, to port: UInt16) {
    var head: [UInt8] = []
    while !head.ends(with: Array("\r\n\r\n".utf8)) {
      var byte: UInt8 = 0
      guard head.count < 1 << 16, recv(client, &byte, 1, 0) == 1 else { return }
      head.append(byte)
    }
    let words = String(decoding: head, as: UTF8.self).split(separator: " ")
    guard words.count > 1, words[0] == "CONNECT", let server = ConnectProxy.connect(port) else {
      ConnectProxy.push(client, Array("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n".utf8)[...])
      return
    }
    defer { close(server) }
    asked.withLock { $0.append(String(words[1])) }
    guard ConnectProxy.push(client, Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8)[...]) else { return }
    ConnectProxy.carry(client, server)
  }

  /// Copies bytes both ways until one side closes.
  private static func carry(_ one: Int32, _ other: Int32) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      var polled = [
        pollfd(fd: one, events: Int16(POLLIN), revents: 0), pollfd(fd: other, events: Int16(POLLIN), revents: 0),
      ]
      if poll(&polled, 2, -1) < 0 {
        if errno == EINTR { continue }
        return
      }
      for (index, from) in [one, other].enumerated() where polled[index].revents != 0 {
        let count = recv(from, &buffer, buffer.count, 0)
        guard count > 0, push(index == 0 ? other : one, buffer[..<count]) else { return }
      }
    }
  }

  /// Sends all bytes; returns false where the peer has closed.
  @discardableResult
  static func push(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Connects to a port of 127.0.0.1.
  static func connect(_ port: UInt16) -> Int32? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if result == 0 { return descriptor }
    close(descriptor)
    return nil
  }
}

extension Array where Element == UInt8 {
  fileprivate func ends(with ending: [UInt8]) -> Bool { suffix(ending.count).elementsEqual(ending) }
}
