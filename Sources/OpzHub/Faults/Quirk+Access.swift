import OpzHTTPServer

/// What stands in front of registries.
extension Quirk {
  /// Closes the connection for pushes to repositories below `missing/`, which were never created.
  package static var dropsMissingRepositories: Quirk {
    Quirk(
      .refuses { request, _ in
        if !request.kind.isRead, request.route.name?.hasPrefix("missing/") == true { throw ConnectionClosed() }
        return nil
      })
  }

  /// The token server denies this many requests first.
  package static func spuriousDenial(_ times: Int) -> Quirk { Quirk(.deniesTokens(times)) }

  /// Bodies above this many bytes get 413 with this server's error page.
  package static func bodyLimit(_ most: UInt64, server: String) -> Quirk {
    Quirk(
      .refuses { request, _ in
        (request.length ?? 0) > most ? .page(413, "Payload Too Large", server: server) : nil
      })
  }
}
