import NIOCore
import NIOPosix
import OpzIO
import Synchronization

/// A server of HTTP/1.1 (RFC 9112) and HTTP/2 by prior knowledge (RFC 9113) on one TCP port, made for untrusted clients.
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
  ///   - speaksHTTP2: whether HTTP/2 is answered on the same port.
  /// - Throws: `IOFailure` with the system's reason.
  public init(
    host: String, port: Int, limits: HTTPServerLimits = HTTPServerLimits(), speaksHTTP2: Bool = false
  ) async throws {
    let connections = Connections(limits)
    let service = ServiceBox()
    let opening = Opening(service: service, connections: connections, limits: limits, speaksHTTP2: speaksHTTP2)
    do {
      listener = try await HTTPServer.bootstrap(opening)
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

  /// What a new connection needs.
  private struct Opening: Sendable {
    let service: ServiceBox
    let connections: Connections
    let limits: HTTPServerLimits
    let speaksHTTP2: Bool
  }

  private static func bootstrap(_ opening: Opening) -> ServerBootstrap {
    ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.autoRead, value: false)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AcceptHandler()) }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // A client that has finished sending can still receive its response.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { child in
        child.eventLoop.makeCompletedFuture { try open(child, opening) }
      }
  }

  /// Sets up a new connection on its event loop: its first bytes say which version of HTTP it speaks.
  private static func open(_ child: any Channel, _ opening: Opening) throws {
    guard let service = opening.service.value else { return child.close(promise: nil) }
    let (connections, limits) = (opening.connections, opening.limits)
    let deadline = ConnectionDeadline(child, connections, limits: limits)
    let isRoom = connections.enter(deadline)
    child.closeFuture.whenComplete { _ in connections.leave(deadline) }
    let shared = ConnectionContext(service: service, limits: limits, deadline: deadline, connections: connections)
    guard opening.speaksHTTP2 else { return try open(http1: child, shared, isRoom: isRoom) }
    try child.pipeline.syncOperations.addHandler(
      ProtocolDetector { version in
        switch version {
        // A client above the limit learns why over HTTP/1.1 only.
        case .http2 where isRoom: try HTTP2Connection.open(child, shared)
        case .http2: child.close(promise: nil)
        case .http1: try open(http1: child, shared, isRoom: isRoom)
        }
      })
  }

  private static func open(http1 child: any Channel, _ context: ConnectionContext, isRoom: Bool) throws {
    // At most two pieces are read ahead, which bounds the memory in this process.
    let watch = context.service.endsWithCaller ? CallerWatch() : nil
    if let watch { try child.pipeline.syncOperations.addHandler(watch) }
    let channel = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
      wrappingChannelSynchronously: child,
      configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2)))
    let connection = Connection(
      channel: channel, service: context.service, limits: context.limits,
      deadline: context.deadline, connections: context.connections, watch: watch)
    let task = Task(executorPreference: LoopExecutor(child.eventLoop)) {
      await isRoom ? connection.serve() : connection.refuse()
    }
    // Nobody waits for the response to a request that is being handled: its place is free.
    if context.service.endsWithCaller { child.closeFuture.whenComplete { _ in task.cancel() } }
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
