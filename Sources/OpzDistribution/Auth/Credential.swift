import FoundationEssentials

/// A user's credential for one remote registry. Its description is constant, so that it cannot be printed by mistake.
enum Credential: Sendable, Equatable {
  case password(user: String, password: String)
  /// An OAuth 2 refresh token, which is exchanged for access tokens (Azure/acr, docs/AAD-OAuth.md).
  case identityToken(String)
  /// A bearer token for the remote registry itself.
  case registryToken(String)

  /// Returns the value of a Basic `Authorization` header (RFC 7617).
  static func basic(user: String, password: String) -> String {
    "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
  }
}

extension Credential: CustomStringConvertible, CustomDebugStringConvertible {
  var description: String { "credential" }
  var debugDescription: String { description }
}
