import OpzHTTPServer
import OpzIO
import OpzJSON
import OpzOCI

/// Requires bearer tokens, and issues them to anyone as a token server (the distribution project's token
/// documentation).
struct TokenAuthority: Responder {
  let inner: any Responder
  /// Lifetime of a token in seconds; nil if none is required. The token server responds in any case.
  let life: Int?
  /// How many token requests it denies first, without reason.
  let denials: Int
  private let asked = Counter()
  /// Tokens are valid only for this run of the hub.
  private let secret = Hex.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) })

  init(_ inner: any Responder, life: Int?, denials: Int = 0) {
    self.inner = inner
    self.life = life
    self.denials = denials
  }

  func respond(to request: HubRequest, _ body: any RequestBody) async throws -> Response {
    if request.route == .token { return try await token(request, body) }
    guard life != nil else { return try await inner.respond(to: request, body) }
    let held = request.header("authorization").map { scopes(of: $0) } ?? nil
    if let held, TokenAuthority.needs(request).allSatisfy(held.contains) {
      return try await inner.respond(to: request, body)
    }
    let problem = request.header("authorization") == nil ? nil : held == nil ? "invalid_token" : "insufficient_scope"
    throw SpecError(
      401, .unauthorized, message: "a token is required",
      headers: [TokenAuthority.challenge(request, "http://\(request.host)", problem: problem)])
  }

  /// `WWW-Authenticate`, with the scope that the request needs.
  static func challenge(_ request: HubRequest, _ origin: String, problem: String? = nil) -> (
    name: String, value: String
  ) {
    var value = #"Bearer realm="\#(origin)/token",service="opz-hub""#
    let scopes = grouped(request)
    if !scopes.isEmpty { value += #",scope="\#(scopes)""# }
    if let problem { value += #",error="\#(problem)""# }
    return ("WWW-Authenticate", value)
  }

  private static func actions(_ request: HubRequest) -> [String] {
    request.kind.isRead
      ? ["pull"] : request.method == "DELETE" && request.kind != .uploadCancel ? ["delete"] : ["pull", "push"]
  }

  private static func grouped(_ request: HubRequest) -> String {
    if case .catalog = request.route { return "registry:catalog:*" }
    guard let name = request.route.name, Reference.isRepository(name) else { return "" }
    return "repository:\(name):\(actions(request).joined(separator: ","))"
  }

  /// The scopes that a request needs, one action each.
  private static func needs(_ request: HubRequest) -> [String] { split(grouped(request)) }

  private static func split(_ scope: String) -> [String] {
    guard let colon = scope.lastIndex(of: ":") else { return [] }
    return scope[scope.index(after: colon)...].split(separator: ",").map { scope[...colon] + String($0) }
  }

  // MARK: Tokens

  private func token(_ request: HubRequest, _ body: any RequestBody) async throws -> Response {
    if asked.take(below: denials) != nil { throw SpecError(403, .denied, message: "denied") }
    var wanted: [String]
    switch request.method {
    case "OPTIONS": return .options(request.route.methods)
    case "GET", "HEAD": wanted = request.query.all("scope")
    case "POST":
      let form = Query(String(decoding: try await body.bytes(limit: 64 << 10), as: UTF8.self))
      wanted = form.all("scope")
    default: throw request.route.refusal("request tokens with GET or POST")
    }
    wanted = wanted.flatMap { $0.split(separator: " ").map(String.init) }
    let now = Timestamp.now()
    let seconds = life ?? 300
    let text = issue(wanted.flatMap(TokenAuthority.split), until: now.milliseconds + Int64(seconds) * 1000)
    return try Response(
      200,
      json: JSONValue.object([
        "token": .string(text), "access_token": .string(text), "expires_in": .integer(Int64(seconds)),
        "issued_at": .string(now.seconds),
      ]))
  }

  private func issue(_ scopes: [String], until end: Int64) -> String {
    let claims = Hex.encode(Array(([String(end)] + scopes.prefix(64)).joined(separator: " ").utf8))
    return claims + "." + seal(claims)
  }

  private func seal(_ claims: String) -> String { Digest.of(Array((secret + claims + secret).utf8)).hex }

  /// The scopes of a valid token of this hub; nil for any other.
  private func scopes(of authorization: String) -> Set<String>? {
    let parts = authorization.split(separator: " ")
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    let halves = parts[1].split(separator: ".")
    guard halves.count == 2, seal(String(halves[0])) == halves[1], let claims = Hex.decode(Array(halves[0].utf8)) else {
      return nil
    }
    let words = String(decoding: claims, as: UTF8.self).split(separator: " ").map(String.init)
    guard let end = words.first.flatMap({ Int64($0) }), Timestamp.now().milliseconds < end else { return nil }
    return Set(words.dropFirst())
  }
}
