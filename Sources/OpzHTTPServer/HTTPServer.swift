import NIOCore
import NIOPosix
import OpzIO
import Synchronization

/// An HTTP/1.1 server on a TCP port (RFC 9110 and RFC 9112), made for untrusted clients.
public final class HTTPServer: Sendable {
  public let host: String
  public let port: Int
  private let listener: any Channel
  private let service: ServiceBox
  private let connections: Connections

  /// How often connections past their deadline are closed.
  private static let sweep = TimeAmount.milliseconds(250)

  /// Binds the port. Connections wait in the kernel until `run`.
  /// - Parameters:
  ///   - host: an IP address, because a statically linked program has no name resolution.
  ///   - port: 0 for any free port.
  /// - Throws: `IOFailure` with the system's reason.
  public init(host: String, port: Int, limits: HTTPServerLimits = HTTPServerLimits()) async throws {
    let connections = Connections(limit: limits.connections)
    let service = ServiceBox()
    do {
      listener = try await HTTPServer.bootstrap(service, connections, limits)
        .bind(to: try SocketAddress(ipAddress: host, port: port)).get()
    } catch let error as IOError {
      throw IOFailure(errno: error.errnoCode, operation: "listen", path: "")
    } catch is SocketAddressError {
      throw IOFailure("'\(host)' is not an IP address", path: "")
    }
    self.host = host
    self.port = listener.localAddress?.port ?? port
    self.connections = connections
    self.service = service
  }

  private static func bootstrap(_ service: ServiceBox, _ connections: Connections, _ limits: HTTPServerLimits)
    -> ServerBootstrap
  {
    ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.autoRead, value: false)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AcceptHandler()) }
      }
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      // A client that has finished sending can still receive its response.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { child in
        child.eventLoop.makeCompletedFuture { try open(child, service, connections, limits) }
      }
  }

  /// Sets up a new connection on its event loop. Another protocol on the same port would be detected here, by a
  /// handler that looks at the first bytes before the channel is wrapped.
  private static func open(
    _ child: any Channel, _ service: ServiceBox, _ connections: Connections, _ limits: HTTPServerLimits
  ) throws {
    guard let service = service.value else { return child.close(promise: nil) }
    // At most two pieces are read ahead, which bounds the memory in this process.
    let channel = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
      wrappingChannelSynchronously: child,
      configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2)))
    let deadline = ConnectionDeadline(child, connections, limits)
    let isRoom = connections.enter(deadline)
    let connection = Connection(
      channel: channel, service: service, disk: NIOThreadPool.singleton, limits: limits, deadline: deadline,
      connections: connections)
    Task(executorPreference: LoopExecutor(child.eventLoop)) {
      await isRoom ? connection.serve() : connection.refuse()
      connections.leave(deadline)
    }
  }

  /// Serves until `stop`, then returns once the last request is answered.
  public func run(_ service: any HTTPService) async {
    self.service.value = service
    let sweeps = listener.eventLoop.scheduleRepeatedTask(initialDelay: HTTPServer.sweep, delay: HTTPServer.sweep) {
      [connections] _ in connections.sweep()
    }
    listener.setOption(.autoRead, value: true).whenComplete { _ in }
    try? await listener.closeFuture.get()
    await connections.ended()
    sweeps.cancel()
  }

  /// Closes the port and all idle connections. Requests in flight are answered, and their connections close then.
  public func stop() {
    listener.close(promise: nil)
    connections.stop()
  }

  /// Closes all connections immediately.
  public func abort() {
    stop()
    connections.abort()
  }
}

/// Holds the service, which is set when the server runs.
private final class ServiceBox: Sendable {
  private let service = Mutex<(any HTTPService)?>(nil)

  var value: (any HTTPService)? {
    get { service.withLock { $0 } }
    set { service.withLock { $0 = newValue } }
  }
}
