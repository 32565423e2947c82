import OpzIO

/// Talks JSON to a service that we started ourselves, on loopback.
public final class ServiceClient: Sendable {
  private let transport: Transport
  private let port: Int

  public init(port: Int, userAgent: String) throws {
    transport = try Transport(TransportSettings(userAgent: userAgent, environment: [:]))
    self.port = port
  }

  /// Sends a JSON document.
  /// - Parameter path: begins with `/`.
  /// - Returns: the status and the body, at most 64 MiB.
  /// - Throws: `DistributionError` where the service cannot be reached.
  public func post(_ path: String, _ body: [UInt8]) async throws -> (status: Int, body: [UInt8]) {
    guard let address = WebAddress("http://127.0.0.1:\(port)\(path)") else {
      throw DistributionError(.badResponse, path, "not a path of a service")
    }
    var request = HTTPRequest(method: .post, address: address)
    request.headers = [("Content-Type", "application/json")]
    request.body = .bytes(body)
    request.limit = 64 << 20
    let response = try await transport.send(request)
    return (response.status, response.body)
  }
}
