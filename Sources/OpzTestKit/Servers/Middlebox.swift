import OpzIO
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A TCP proxy on a free loopback port that ends each connection after some bytes or milliseconds, as load balancers
/// and firewalls do.
public final class Middlebox: Sendable {
  /// When a connection is ended.
  public struct Limit: Sendable {
    /// After this many bytes, both directions together.
    public var bytes: Int?
    /// After this many milliseconds.
    public var milliseconds: Int?
    /// Bytes per second that a client may send.
    public var rate: Int?

    /// Creates a limit; nil stands for none.
    public init(bytes: Int? = nil, milliseconds: Int? = nil, rate: Int? = nil) {
      self.bytes = bytes
      self.milliseconds = milliseconds
      self.rate = rate
    }
  }

  /// What has passed.
  public struct Count: Sendable {
    /// Bytes that clients sent and the server got.
    public var sent = 0
    /// Connections that were ended at the limit.
    public var cuts = 0
    public var connections = 0
  }

  private let listener: LoopbackListener
  private let limit: Limit
  private let counted = Mutex(Count())

  /// Starts the proxy.
  /// - Parameter port: the port of the server on 127.0.0.1.
  public init(before port: UInt16, _ limit: Limit) throws {
    listener = try LoopbackListener()
    self.limit = limit
    let listener = listener
    _ = startThread { [weak self] in
      while let client = listener.accept() {
        let isStarted = startThread { [weak self] in
          if let server = ConnectProxy.connect(port) {
            self?.carry(client, server)
            close(server)
          }
          close(client)
        }
        if !isStarted { close(client) }
      }
    }
  }

  deinit { listener.stop() }

  /// `127.0.0.1:PORT`.
  public var host: String { "127.0.0.1:\(listener.port)" }
  public var count: Count { counted.withLock { $0 } }

  /// Copies bytes both ways until one side closes or the limit is reached.
  private func carry(_ client: Int32, _ server: Int32) {
    counted.withLock { $0.connections += 1 }
    let end = limit.milliseconds.map { ContinuousClock.now + .milliseconds($0) }
    var left = limit.bytes ?? .max
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let wait = end.map { Int32(clamping: Int(($0 - .now) / .milliseconds(1))) } ?? -1
      var polled = [
        pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: server, events: Int16(POLLIN), revents: 0),
      ]
      let ready = end != nil && wait <= 0 ? 0 : poll(&polled, 2, wait)
      if ready < 0, errno == EINTR { continue }
      if ready <= 0 { return cut() }
      for (index, from) in [client, server].enumerated() where polled[index].revents != 0 {
        let count = recv(from, &buffer, min(buffer.count, left), 0)
        guard count > 0, ConnectProxy.push(index == 0 ? server : client, buffer[..<count]) else { return }
        left -= count
        if index == 0 {
          counted.withLock { $0.sent += count }
          if let rate = limit.rate { usleep(UInt32(clamping: count * 1_000_000 / rate)) }
        }
        if left <= 0 { return cut() }
      }
    }
  }

  private func cut() { counted.withLock { $0.cuts += 1 } }
}
