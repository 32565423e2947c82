import NIOCore
import NIOHTTP1
import NIOPosix

/// One client's connection: requests are answered one after the other.
struct Connection: Sendable {
  let channel: NIOAsyncChannel<HTTPServerRequestPart, ByteBuffer>
  let responder: any Responder
  let disk: NIOThreadPool
  let limits: HubLimits

  func serve() async {
    // What goes wrong here is the end of this connection and of nothing else.
    try? await channel.executeThenClose { input, output in
      let parts = RequestParts(input.makeAsyncIterator(), output)
      let writer = AnswerWriter(output: output, disk: disk)
      do {
        while let request = try await parts.nextHead(), try await exchange(request, parts, writer) {}
      } catch let end as HangUp {
        await flush()
        if end.resets { reset() }
        return
      } catch is HTTPParserError {
        try await output.write(
          ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
      }
      await flush()
    }
  }

  /// - Returns: whether the connection can be used again.
  private func exchange(_ request: HubRequest, _ parts: RequestParts, _ writer: AnswerWriter) async throws -> Bool {
    let answer = try await responder.settled(request, parts)
    if !request.hasBody { _ = try await parts.next() }
    let closes =
      answer.delivery.closes || answer.delivery.framing == .untilClose || !parts.isWhole
      || request.header("connection")?.lowercased() == "close"
    try await writer.write(answer, to: request, closes: closes)
    guard closes else { return true }
    if !parts.isWhole, !parts.isAwaited { await discard(parts) }
    return false
  }

  private func discard(_ parts: RequestParts) async {
    // The client may be sending still: an end now would be a reset, which takes the answer out of its hands.
    let close = channel.channel.eventLoop.scheduleTask(in: .seconds(limits.lingerSeconds)) { [channel] in
      channel.channel.close(promise: nil)
    }
    await parts.discard(limit: limits.unwantedBytes)
    close.cancel()
  }

  /// Waits until all that was written is with the system: the end of a channel throws away what a slow reader has not made room for.
  private func flush() async { try? await channel.channel.writeAndFlush(ByteBuffer()).get() }

  /// The end of the connection will be a reset.
  private func reset() {
    guard let options = channel.channel as? any SocketOptionProvider else { return }
    _ = options.setSoLinger(linger(l_onoff: 1, l_linger: 0))
  }
}
