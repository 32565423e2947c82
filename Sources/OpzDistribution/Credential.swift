import FoundationEssentials

/// What a user has for one registry. It has no description, so that it cannot be printed by mistake.
enum Credential: Sendable, Equatable {
  case password(user: String, password: String)
  /// An OAuth refresh token, exchanged for access tokens.
  case identityToken(String)
  /// A token for the registry itself.
  case registryToken(String)

  /// The value of a Basic Authorization header (RFC 7617).
  static func basic(user: String, password: String) -> String {
    "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
  }
}

extension Credential: CustomStringConvertible, CustomDebugStringConvertible {
  var description: String { "credential" }
  var debugDescription: String { description }
}
