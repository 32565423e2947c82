import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A listening TCP socket on 127.0.0.1.
public final class LoopbackListener: Sendable {
  let descriptor: Int32
  public let port: UInt16

  /// Binds a port.
  /// - Parameters:
  ///   - port: 0 for any free port.
  ///   - isListening: if false, the port is bound but refuses connections.
  public init(port wanted: UInt16 = 0, isListening: Bool = true) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw IOFailure.last("socket", "127.0.0.1") }
    self.descriptor = descriptor
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = wanted.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(descriptor, generic, length) == 0 && (!isListening || listen(descriptor, 64) == 0)
          && getsockname(descriptor, generic, &length) == 0
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    guard isBound else { throw IOFailure.last("bind", "127.0.0.1") }
  }

  deinit { close(descriptor) }

  /// Waits for a connection; nil after `stop`.
  func accept() -> Int32? {
    while true {
      let connection = systemAccept(descriptor)
      if connection >= 0 {
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        return connection
      }
      if errno != EINTR && errno != ECONNABORTED { return nil }
    }
  }

  /// Makes `accept` return.
  func stop() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// A port that is currently free, for a server that cannot choose one itself. It is below the kernel's ephemeral
  /// ports, so only another call of this function can take it first.
  public static func freePort() throws -> UInt16 {
    for _ in 0..<100 {
      if let found = try? LoopbackListener(port: .random(in: 18_000..<32_000), isListening: false) { return found.port }
    }
    throw IOFailure("no free port", path: "127.0.0.1")
  }

  /// Whether a server accepts connections on a port of 127.0.0.1.
  static func isOpen(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}

// An alias of accept(2) for use where a method has the same name.
private func systemAccept(_ descriptor: Int32) -> Int32 { accept(descriptor, nil, nil) }
