import OpzIO

/// An `http` or `https` URL, parsed strictly, so that the host that is checked is the one that libcurl connects to.
///
/// The path and query stay exactly as written, because a `Location` may be signed.
package struct WebAddress: Hashable, Sendable, CustomStringConvertible {
  package let origin: Origin
  /// The path with its leading slash, not decoded.
  package let path: String
  /// The text after `?`, not decoded; nil where there is none.
  package let query: String?

  /// An address of its parts; `path` starts with a slash.
  package init(origin: Origin, path: String, query: String? = nil) {
    self.origin = origin
    self.path = path
    self.query = query
  }

  /// Parses an absolute URL; nil for anything else, and for a URL with a user name or password.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count <= 16 << 10, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }),
      let scheme = Origin.Scheme.prefix(of: text)
    else { return nil }
    let rest = text.dropFirst(scheme.rawValue.count + 3)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    guard let origin = Origin(scheme, authority: String(rest[..<end])) else { return nil }
    let target = rest[end...].prefix { $0 != "#" }
    let mark = target.firstIndex(of: "?")
    let path = String(target[..<(mark ?? target.endIndex)])
    self.origin = origin
    self.path = path.isEmpty ? "/" : path
    self.query = mark.map { String(target[target.index(after: $0)...]) }
  }

  /// Resolves a `Location` or `Link` against this address (RFC 3986, section 5.2, but without removing dot segments).
  package func resolving(_ location: String) -> WebAddress? {
    if Origin.Scheme.prefix(of: location) != nil { return WebAddress(location) }
    if location.hasPrefix("//") { return WebAddress("\(origin.scheme.rawValue):\(location)") }
    if location.hasPrefix("/") { return WebAddress("\(origin)\(location)") }
    if location.hasPrefix("?") { return WebAddress("\(origin)\(path)\(location)") }
    // `javascript:x` and `file:/x` have a scheme and are not relative paths.
    guard !location.isEmpty, !location.prefix(while: { $0 != "/" && $0 != "?" }).contains(":") else { return nil }
    let directory = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
    return WebAddress("\(origin)\(directory)\(location)")
  }

  /// Returns the address with `name=value` appended to the query. The value is encoded, the existing query is
  /// unchanged.
  package func adding(_ name: String, _ value: String) -> WebAddress {
    let pair = "\(name)=\(WebAddress.encode(value))"
    guard let query, !query.isEmpty else { return WebAddress(origin: origin, path: path, query: pair) }
    return WebAddress(origin: origin, path: path, query: "\(query)&\(pair)")
  }

  package var description: String { "\(origin)\(path)" + (query.map { "?\($0)" } ?? "") }

  /// The address without its query, which may contain a signature.
  package var shown: String { PrintableText.brief("\(origin)\(path)") }

  /// Percent-encodes everything but the unreserved characters of RFC 3986.
  package static func encode(_ text: String) -> String { PercentCoding.encode(text) }
}
