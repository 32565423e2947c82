/// Sends JSON requests to a service on 127.0.0.1 that this process started.
public final class ServiceClient: Sendable {
  private let transport: HTTPClient
  private let port: Int

  /// Creates a client with its own libcurl thread.
  /// - Parameter port: the service's TCP port.
  /// - Throws: `HTTPError` with the code `connection` where libcurl cannot be loaded.
  public init(port: Int, userAgent: String) throws {
    transport = try HTTPClient(HTTPSettings(userAgent: userAgent, environment: [:]))
    self.port = port
  }

  /// Sends a POST with a JSON document.
  /// - Parameter path: starts with `/`.
  /// - Returns: the status and the body, at most 64 MiB.
  /// - Throws: `HTTPError`, with the code `connection` or `timeout` where the service cannot be reached.
  public func post(_ path: String, _ body: [UInt8]) async throws -> (status: Int, body: [UInt8]) {
    guard let address = WebAddress("http://127.0.0.1:\(port)\(path)") else {
      throw HTTPError(.badResponse, path, reason: "not a path of a service")
    }
    var request = HTTPRequest(method: .post, address: address)
    request.headers = [("Content-Type", "application/json")]
    request.body = .bytes(body)
    request.limit = 64 << 20
    let response = try await transport.send(request)
    return (response.status, response.body)
  }

  /// Sends a GET.
  /// - Parameter path: starts with `/`.
  /// - Returns: the status and the body, at most 64 MiB.
  /// - Throws: `HTTPError`, with the code `connection` or `timeout` where the service cannot be reached.
  public func get(_ path: String) async throws -> (status: Int, body: [UInt8]) {
    guard let address = WebAddress("http://127.0.0.1:\(port)\(path)") else {
      throw HTTPError(.badResponse, path, reason: "not a path of a service")
    }
    var request = HTTPRequest(method: .get, address: address)
    request.limit = 64 << 20
    let response = try await transport.send(request)
    return (response.status, response.body)
  }
}
