/// A user's credential for one remote registry. Its description is constant, so that it cannot be printed by mistake.
enum Credential: Sendable, Equatable {
  case password(user: String, password: String)
  /// An OAuth 2 refresh token, which is exchanged for access tokens (Azure/acr, docs/AAD-OAuth.md).
  case identityToken(String)
  /// A bearer token for the remote registry itself.
  case registryToken(String)
}

extension Credential: CustomStringConvertible, CustomDebugStringConvertible {
  var description: String { "credential" }
  var debugDescription: String { description }
}
