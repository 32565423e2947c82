import OpzHTTP
import OpzIO
import OpzJSON

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
  private let quirks: RemoteQuirks
  private var tokens: [Key: Token] = [:]
  private var pending: [Key: Task<Token, any Error>] = [:]

  static let responseLimit = 1 << 20

  init(_ client: HTTPClient, _ retrier: Retrier, quirks: RemoteQuirks) {
    self.client = client
    self.retrier = retrier
    self.quirks = quirks
  }

  /// Returns a token for these scopes.
  /// - Parameter rejected: a token that the remote registry rejected and that is not returned again.
  func token(_ realm: Realm, scopes: [Scope], credential: Credential?, rejected: String?) async throws -> Token {
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
    var response = try await ask(TokenSource.request(key.realm, scopes: key.scopes, credential: credential), subject)
    if case .identityToken(let refresh) = credential, quirks.takesTokenAsPassword(response.status) {
      let old = Credential.password(user: "<token>", password: refresh)
      response = try await ask(TokenSource.request(key.realm, scopes: key.scopes, credential: old), subject)
    }
    // Redirects are not followed, because they could carry the credentials to another host.
    if (300..<400).contains(response.status) {
      throw DistributionError(.refusedAddress, subject, reason: "the token server redirects, which is not followed")
    }
    guard response.head.isSuccess else { throw RemoteErrorResponse.error(response, subject: subject, quirks) }
    return try Token.parse(response.body, now: .now(), subject: subject)
  }

  private func ask(_ request: HTTPRequest, _ subject: String) async throws -> HTTPResponse {
    var denials = 0
    return try await retrier.run(subject) {
      let response = try await client.exchange(request)
      if RetryPolicy.isTransient(response.status) {
        throw RemoteErrorResponse.error(response, subject: subject, quirks)
      }
      guard response.status == 403 else { return response }
      denials += 1
      guard quirks.retriesDenial(denials) else { return response }
      var denial = RemoteErrorResponse.error(response, subject: subject, quirks)
      denial.isWorthRepeating = true
      throw denial
    }
  }

  private static func request(_ realm: Realm, scopes: [Scope], credential: Credential?) -> HTTPRequest {
    if case .identityToken(let refresh) = credential { return oauth(realm, scopes: scopes, refresh: refresh) }
    var address = realm.address
    if let service = realm.service { address = address.adding("service", service) }
    for scope in scopes { address = address.adding("scope", scope.description) }
    var request = HTTPRequest(method: .get, address: address, limit: responseLimit)
    if case .password(let user, let password) = credential {
      request.address = address.adding("account", user)
      request.authorization = HTTPRequest.basicAuthorization(user: user, password: password)
    }
    return request
  }

  // distribution's OAuth 2 token specification: a form with all scopes in one value.
  private static func oauth(_ realm: Realm, scopes: [Scope], refresh: String) -> HTTPRequest {
    var fields = [("grant_type", "refresh_token"), ("client_id", "opz"), ("refresh_token", refresh)]
    if let service = realm.service { fields.append(("service", service)) }
    fields.append(("scope", scopes.map(\.description).joined(separator: " ")))
    let form = fields.map { "\($0.0)=\(WebAddress.encode($0.1))" }.joined(separator: "&")
    return HTTPRequest(
      method: .post, address: realm.address, headers: [("Content-Type", "application/x-www-form-urlencoded")],
      body: .bytes(Array(form.utf8)), limit: responseLimit)
  }
}

/// A bearer token and when it expires.
struct Token: Sendable {
  let value: String
  let expires: Timestamp

  /// Whether the token is valid for a request that starts now.
  func isFresh(at now: Timestamp) -> Bool { now < expires }

  private struct Response: Decodable {
    var token: String?
    var access_token: String?
    var expires_in: Double?
    var issued_at: String?
  }

  /// The longest lifetime that is believed, in seconds.
  static let longestLife: Int64 = 86_400

  /// Parses a token server's response (distribution, "Token Authentication Specification"): `token` or
  /// `access_token`, with a lifetime of 60 s where none is given. The token expires a fifth of its lifetime early, at
  /// most 30 s, to allow for clock skew and the request's duration.
  /// - Throws: `DistributionError` with the code `badResponse`.
  static func parse(_ body: [UInt8], now: Timestamp, subject: String) throws -> Token {
    guard let response = try? JSONDecoding.decode(Response.self, from: body),
      let value = [response.token, response.access_token].compactMap({ $0 }).first(where: { !$0.isEmpty })
    else {
      throw DistributionError(.badResponse, subject, reason: "the token server's response has no token")
    }
    guard value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw DistributionError(
        .badResponse, subject, reason: "the token server's token has characters that no token has")
    }
    let seconds = response.expires_in ?? 60
    let life = seconds.isFinite && seconds > 0 ? Int64(min(seconds, Double(longestLife)) * 1000) : 60_000
    // A token server's clock may be wrong, so `issued_at` is never taken to be in the future.
    let issued = response.issued_at.flatMap { Timestamp($0) }.map { min($0, now) } ?? now
    let end = issued.milliseconds &+ life &- min(life / 5, 30_000)
    return Token(value: value, expires: Timestamp(milliseconds: end))
  }
}
