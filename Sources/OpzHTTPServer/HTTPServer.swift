import NIOCore
import NIOPosix
import OpzIO
import Synchronization

/// A service on a TCP port, over HTTP/1.1 as RFC 9110 and RFC 9112 have it, to clients that may be anyone.
public final class HTTPServer: Sendable {
  public let host: String
  public let port: Int
  private let listener: any Channel
  private let service: ServiceBox
  private let connections: Connections

  /// How often late connections are looked for.
  private static let sweep = TimeAmount.milliseconds(250)

  /// Takes the port. Connections wait in the kernel until `run`.
  /// - Parameters:
  ///   - host: an IP address: a static program has no name service.
  ///   - port: 0 for any that is free.
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
      // Who has said all may still be answered.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { child in
        child.eventLoop.makeCompletedFuture { try open(child, service, connections, limits) }
      }
  }

  /// A new connection, on its event loop. What speaks another protocol on the same port is told apart here, by a handler that looks at the
  /// first bytes before the channel is wrapped.
  private static func open(
    _ child: any Channel, _ service: ServiceBox, _ connections: Connections, _ limits: HTTPServerLimits
  ) throws {
    guard let service = service.value else { return child.close(promise: nil) }
    // A piece or two are read ahead, so that what waits in this process is bounded.
    let channel = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
      wrappingChannelSynchronously: child,
      configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2)))
    let patience = Patience(child, connections, limits)
    let isRoom = connections.enter(patience)
    let connection = Connection(
      channel: channel, service: service, disk: NIOThreadPool.singleton, limits: limits, patience: patience,
      connections: connections)
    Task(executorPreference: LoopExecutor(child.eventLoop)) {
      await isRoom ? connection.serve() : connection.refuse()
      connections.leave(patience)
    }
  }

  /// Answers until `stop`, and then until the last request is answered.
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

  /// Closes the port. Connections that wait for a request end; a request that is under way is answered, and its connection ends then.
  public func stop() {
    listener.close(promise: nil)
    connections.stop()
  }

  /// Ends all connections as they are.
  public func abort() {
    stop()
    connections.abort()
  }
}

/// The service, which is there once the server runs.
private final class ServiceBox: Sendable {
  private let service = Mutex<(any HTTPService)?>(nil)

  var value: (any HTTPService)? {
    get { service.withLock { $0 } }
    set { service.withLock { $0 = newValue } }
  }
}
