import NIOCore
import NIOHTTP1
import NIOPosix
import OpzIO
import Synchronization

/// A responder on a TCP port.
final class HubServer: Sendable {
  let host: String
  let port: Int
  private let channel: NIOAsyncChannel<NIOAsyncChannel<HTTPServerRequestPart, ByteBuffer>, Never>
  private let limits: HubLimits
  /// Connections that there are.
  private let active = Atomic(0)

  /// Takes the port. Connections wait until `run`.
  /// - Parameter port: 0 for any that is free.
  init(host: String, port: Int, limits: HubLimits = HubLimits()) async throws {
    self.limits = limits
    do {
      channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.backlog, value: 256)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
        .bind(host: host, port: port) { child in
          child.eventLoop.makeCompletedFuture {
            let handlers = child.pipeline.syncOperations
            try handlers.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
            try handlers.addHandler(PatienceHandler(limits))
            return try NIOAsyncChannel(wrappingChannelSynchronously: child)
          }
        }
    } catch let error as IOError {
      throw HubError(
        .cannotListen, "\(host):\(port)", IOFailure.text(of: error.errnoCode),
        hint: "--listen 127.0.0.1:0 takes a free port")
    }
    self.host = host
    self.port = channel.channel.localAddress?.port ?? port
  }

  /// Answers until `stop`.
  func run(_ responder: any Responder) async throws {
    let disk = NIOThreadPool.singleton
    try await withThrowingDiscardingTaskGroup { group in
      try await channel.executeThenClose { connections in
        for try await connection in connections {
          let isRoom = active.add(1, ordering: .relaxed).newValue <= limits.connections
          group.addTask {
            defer { self.active.subtract(1, ordering: .relaxed) }
            guard isRoom else { return await HubServer.refuse(connection) }
            await Connection(channel: connection, responder: responder, disk: disk, limits: self.limits).serve()
          }
        }
      }
      group.cancelAll()
    }
  }

  func stop() { channel.channel.close(promise: nil) }

  private static func refuse(_ connection: NIOAsyncChannel<HTTPServerRequestPart, ByteBuffer>) async {
    try? await connection.executeThenClose { _, output in
      try await output.write(
        ByteBuffer(
          string: "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ))
    }
  }
}
