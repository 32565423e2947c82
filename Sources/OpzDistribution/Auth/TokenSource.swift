import OpzHTTP
import OpzIO

/// Fetches bearer tokens, and caches each set of scopes until shortly before it expires.
actor TokenSource {
  /// The token server of a `Bearer` challenge.
  struct Realm: Hashable, Sendable {
    let address: WebAddress
    let service: String?
  }

  private struct Key: Hashable {
    let realm: Realm
    let scopes: [Scope]
  }

  private let client: HTTPClient
  private let retrier: Retrier
  private var tokens: [Key: Token] = [:]
  private var pending: [Key: Task<Token, any Error>] = [:]

  static let answerLimit = 1 << 20
  /// How many 403 responses are retried.
  static let denialLimit = 2

  init(_ client: HTTPClient, _ retrier: Retrier) {
    self.client = client
    self.retrier = retrier
  }

  /// Returns a token for these scopes.
  /// - Parameter rejected: a token that the remote registry rejected and that is not returned again.
  func token(_ realm: Realm, _ scopes: [Scope], _ credential: Credential?, rejected: String?) async throws -> Token {
    let key = Key(realm: realm, scopes: Scope.union(scopes))
    if let token = tokens[key], token.isFresh(at: .now()), token.value != rejected { return token }
    let task = pending[key] ?? Task { try await fetch(key, credential) }
    pending[key] = task
    defer { pending[key] = nil }
    let token = try await task.value
    tokens[key] = token
    return token
  }

  private func fetch(_ key: Key, _ credential: Credential?) async throws -> Token {
    let subject = key.realm.address.shown
    var response = try await ask(TokenSource.request(key.realm, key.scopes, credential), subject)
    if case .identityToken(let refresh) = credential, [404, 405].contains(response.status) {
      // A token server without OAuth 2 accepts the refresh token as the password of the user `<token>`.
      let old = Credential.password(user: "<token>", password: refresh)
      response = try await ask(TokenSource.request(key.realm, key.scopes, old), subject)
    }
    // Redirects are not followed, because they could carry the credentials to another host.
    if (300..<400).contains(response.status) {
      throw DistributionError(.refusedAddress, subject, "the token server redirects, which is not followed")
    }
    guard response.head.isSuccess else { throw RegistryAnswer.error(response, subject) }
    return try Token.parse(response.body, now: .now(), subject: subject)
  }

  private func ask(_ request: HTTPRequest, _ subject: String) async throws -> HTTPResponse {
    var denials = 0
    return try await retrier.run(subject) {
      let response = try await client.exchange(request)
      if RetryPolicy.isTransient(response.status) { throw RegistryAnswer.error(response, subject) }
      // GHCR's token server sporadically denies a request that it grants a moment later.
      guard response.status == 403, denials < TokenSource.denialLimit else { return response }
      denials += 1
      var denial = RegistryAnswer.error(response, subject)
      denial.isWorthRepeating = true
      throw denial
    }
  }

  private static func request(_ realm: Realm, _ scopes: [Scope], _ credential: Credential?) -> HTTPRequest {
    if case .identityToken(let refresh) = credential { return oauth(realm, scopes, refresh) }
    var address = realm.address
    if let service = realm.service { address = address.adding("service", service) }
    for scope in scopes { address = address.adding("scope", scope.description) }
    var request = HTTPRequest(method: .get, address: address, limit: answerLimit)
    if case .password(let user, let password) = credential {
      request.address = address.adding("account", user)
      request.authorization = HTTPRequest.basicAuthorization(user: user, password: password)
    }
    return request
  }

  // distribution's OAuth 2 token specification: a form with all scopes in one value.
  private static func oauth(_ realm: Realm, _ scopes: [Scope], _ refresh: String) -> HTTPRequest {
    var fields = [("grant_type", "refresh_token"), ("client_id", "opz"), ("refresh_token", refresh)]
    if let service = realm.service { fields.append(("service", service)) }
    fields.append(("scope", scopes.map(\.description).joined(separator: " ")))
    let form = fields.map { "\($0.0)=\(WebAddress.encode($0.1))" }.joined(separator: "&")
    return HTTPRequest(
      method: .post, address: realm.address, headers: [("Content-Type", "application/x-www-form-urlencoded")],
      body: .bytes(Array(form.utf8)), limit: answerLimit)
  }
}
