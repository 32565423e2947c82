import NIOCore
import NIOPosix

/// One client's connection: requests are handled one after the other.
struct Connection: Sendable {
  let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
  let service: any HTTPService
  let limits: HTTPServerLimits
  let deadline: ConnectionDeadline
  let connections: Connections
  /// Nil where it does not matter whether the caller waits.
  let watch: CallerWatch?

  func serve() async {
    // An error here ends this connection and nothing else.
    try? await channel.executeThenClose { input, output in
      let reader = RequestReader(input.makeAsyncIterator(), output, limits: limits, deadline: deadline)
      let writer = ResponseWriter(output: output, limits: limits, deadline: deadline)
      do {
        while let request = try await reader.nextHead() {
          guard try await exchange(request, reader, writer: writer) else { break }
        }
      } catch let end as ConnectionClosed {
        await flush()
        if end.resets { reset() }
        return
      } catch let problem as RequestProblem {
        try await writer.write(service.errorResponse(problem), isHead: false, isHTTP10: false, closes: true)
        return await settle(reader)
      }
      await flush()
    }
  }

  /// Responds to a client above the connection limit.
  func refuse() async {
    try? await channel.executeThenClose { input, output in
      var response = service.errorResponse(
        RequestProblem(503, "this server has reached its limit of connections: try again"))
      response["Retry-After"] = "1"
      let writer = ResponseWriter(output: output, limits: limits, deadline: deadline)
      deadline.allow(limits.lingerSeconds)
      try await writer.write(response, isHead: false, isHTTP10: false, closes: true)
      await settle(RequestReader(input.makeAsyncIterator(), output, limits: limits, deadline: deadline))
    }
  }

  /// - Returns: whether the connection can be reused.
  private func exchange(_ request: Request, _ reader: RequestReader, writer: ResponseWriter) async throws -> Bool {
    let response = try await respond(to: request, reader)
    let closes =
      response.delivery.closes || response.delivery.framing == .untilClose || !request.keepsAlive
      || !reader.isNearlyWhole
      || connections.isStopping
    try await writer.write(response, isHead: request.method == "HEAD", isHTTP10: request.isHTTP10, closes: closes)
    guard closes else {
      try await reader.finish()
      return true
    }
    if !reader.isWhole && !reader.isAwaited || reader.hasMore { await settle(reader) } else { await flush() }
    return false
  }

  private func respond(to request: Request, _ reader: RequestReader) async throws -> Response {
    if request.target == "*" { return .options(service.methods) }
    // HTTP/1.0 has no interim responses.
    watch?.isWaiting = !request.isHTTP10
    defer { watch?.isWaiting = false }
    do {
      return try await service.respond(to: request, reader)
    } catch let problem as RequestProblem {
      return service.errorResponse(problem)
    } catch let end as ConnectionClosed {
      guard reader.isCutShort, !end.resets else { throw end }
      return service.errorResponse(RequestProblem(400, "the connection ended in the middle of the body"))
    } catch {
      return service.errorResponse(RequestProblem(500, "the server failed to response the request"))
    }
  }

  /// Drains the client's bytes so that it can read the response: closing while it sends would cause a reset, which
  /// may discard the response (RFC 9112, section 9.6).
  private func settle(_ reader: RequestReader) async {
    await flush()
    try? await channel.channel.close(mode: .output).get()
    await reader.discard()
  }

  /// Waits until everything written has reached the kernel: closing a channel discards what a slow reader has not
  /// made room for.
  private func flush() async { try? await channel.channel.writeAndFlush(ByteBuffer()).get() }

  /// Makes the close of the connection a reset.
  private func reset() {
    guard let options = channel.channel as? any SocketOptionProvider else { return }
    _ = options.setSoLinger(linger(l_onoff: 1, l_linger: 0))
  }
}
