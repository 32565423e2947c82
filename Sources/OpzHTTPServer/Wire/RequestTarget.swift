/// A request's target, converted to origin form (RFC 9112, section 3.2).
struct RequestTarget {
  /// Path and query; `*` for the server itself.
  let origin: String
  let host: String?

  init(_ target: String, method: String, host named: String?) throws {
    if target.utf8.first == UInt8(ascii: "/") {
      origin = target
      host = named
    } else if target == "*" {
      guard method == "OPTIONS" else { throw RequestProblem(400, "only OPTIONS can have the target *") }
      origin = target
      host = named
    } else {
      (host, origin) = try RequestTarget.absolute(target, method)
    }
    if let host, host.isEmpty { throw RequestProblem(400, "the Host field is empty") }
    try RequestTarget.check(origin)
  }

  /// `http://host[:port]/path?query`: it overrides the Host field.
  private static func absolute(_ target: String, _ method: String) throws -> (String, String) {
    guard let colon = target.firstRange(of: "://"),
      ["http", "https"].contains(target[..<colon.lowerBound].lowercased())
    else { throw RequestProblem(400, "the target is neither a path nor an http address") }
    let rest = target[colon.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    guard HostField.isAuthority(authority) else { throw RequestProblem(400, "the target's host is not a valid host") }
    let path = rest.dropFirst(authority.count)
    if path.isEmpty { return (String(authority), method == "OPTIONS" ? "*" : "/") }
    return (String(authority), path.first == "/" ? String(path) : "/" + path)
  }

  /// Checks that each percent sign is followed by two hex digits.
  private static func check(_ text: String) throws {
    var rest = text.utf8[...]
    while let place = rest.firstIndex(of: UInt8(ascii: "%")) {
      rest = rest[place...].dropFirst()
      guard rest.popFirst().flatMap(hexDigit) != nil, rest.popFirst().flatMap(hexDigit) != nil else {
        throw RequestProblem(400, "a percent sign in the target without two hex digits")
      }
    }
  }
}
