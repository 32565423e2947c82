internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

extension ServerCommand {
  /// The HTTP/1.1 server around `server`.
  /// - Parameter listening: called with the port once it is open.
  static func application(
    _ server: InferenceServer, _ options: ServerOptions, listening: @escaping @Sendable (Int) -> Void
  ) -> Application<ServerResponder> {
    let limits = server.limits
    var app = Application(
      responder: ServerResponder(server: server),
      server: .http1(
        configuration: HTTP1Channel.Configuration(
          additionalChannelHandlers: [ConnectionGuard(limits)],
          idleTimeout: .seconds(Int64(limits.idleSeconds)),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))),
      configuration: ApplicationConfiguration(
        address: .hostname(options.host, port: options.port),
        availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)),
      onServerRunning: { channel in listening(channel.localAddress?.port ?? options.port) })
    // Hummingbird's log tells us nothing that we do not say ourselves.
    app.logger.logLevel = .critical
    return app
  }
}
