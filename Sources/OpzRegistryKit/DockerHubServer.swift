import FoundationEssentials
import OpzHub
package import OpzIO
package import OpzOCI
import OpzTestKit

/// A stand-in for Docker Hub: registry-1.docker.io and auth.docker.io with TLS by its own certificate authority,
/// reached through a proxy. Like Docker Hub it requires a token for each request, scoped to the canonical repository
/// name.
package final class DockerHubServer: Sendable {
  /// A request to one of the two hosts.
  package struct Call: Sendable, Hashable {
    package let host: String
    package let method: String
    package let target: String
    package let authorization: String?
  }

  private let registry: SpecRegistry
  private let nginx: NginxServer
  private let proxy: ConnectProxy

  /// Starts the servers.
  /// - Parameter user: the only user who gets tokens; nil for everyone.
  package init(user: String? = nil, password: String = "") throws {
    let wanted = user.map { "Basic " + Data("\($0):\(password)".utf8).base64EncodedString() }
    registry = try SpecRegistry { DockerHubServer.gate($0, wanted) }
    nginx = try NginxServer(before: registry.host, names: [DockerHub.registry, "auth.docker.io"])
    proxy = try ConnectProxy(to: nginx.port)
  }

  private static func gate(_ request: ScriptedServer.Request, _ wanted: String?) -> ScriptedServer.Answer? {
    let host = request.header("host") ?? ""
    if host == "auth.docker.io" {
      guard request.path == "/token" else { return .init(404) }
      if let wanted, request.header("authorization") != wanted {
        return .init(401, text: #"{"details":"incorrect username or password"}"#)
      }
      let scope = request.target.split(separator: "&").first { $0.hasPrefix("scope=") }?.dropFirst(6) ?? ""
      return .init(200, text: #"{"token":"for-\#(scope)","expires_in":300}"#)
    }
    guard host == DockerHub.registry else { return .init(421) }
    if request.header("authorization")?.hasPrefix("Bearer for-") == true {
      return request.path == "/v2/" ? .init(200, text: "{}") : nil
    }
    let challenge = #"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#
    return .init(401, [("WWW-Authenticate", challenge)], text: #"{"errors":[{"code":"UNAUTHORIZED"}]}"#)
  }

  /// The environment variables by which a client reaches the stand-in.
  package var environment: [String: String] {
    ["https_proxy": proxy.address, "SSL_CERT_FILE": nginx.authority.string]
  }

  /// `HOST:PORT` of each tunnel through the proxy.
  package var targets: Set<String> { Set(proxy.targets) }

  package var calls: [Call] {
    registry.requests.map {
      Call(
        host: $0.header("host") ?? "", method: $0.method, target: $0.target, authorization: $0.header("authorization"))
    }
  }

  /// The digest of a tag's manifest.
  package func digest(ofTag tag: String) -> Digest? { registry.digest(ofTag: tag) }

  /// Stops the proxy and the registry behind it.
  package func stop() {
    nginx.stop()
    registry.stop()
  }
}
