import OpzOCI

/// The scheme, host and port of a URL. Credentials of one origin are never sent to another.
struct Origin: Hashable, Sendable, CustomStringConvertible {
  enum Scheme: String, Sendable, CaseIterable {
    case http, https

    var port: UInt16 { self == .https ? 443 : 80 }

    /// The scheme at the start of a URL.
    static func prefix(of text: some StringProtocol) -> Scheme? {
      allCases.first { text.prefix($0.rawValue.count + 3).lowercased() == "\($0.rawValue)://" }
    }
  }

  let scheme: Scheme
  /// Lower case; an IPv6 address is in brackets.
  let host: String
  let port: UInt16

  /// Parses `HOST[:PORT]`. Rejects user names, passwords, escapes, and numbers that only some parsers take for an IP
  /// address.
  init?(_ scheme: Scheme, authority: String) {
    let (name, number) = Reference.split(host: authority)
    guard !name.isEmpty, name.utf8.count <= 253 else { return nil }
    if let number {
      guard (1...5).contains(number.utf8.count), number.utf8.allSatisfy({ (48...57).contains($0) }),
        let port = UInt16(number), port > 0
      else { return nil }
      self.port = port
    } else {
      guard !authority.dropFirst(name.count).contains(":"), authority.count == name.count else { return nil }
      port = scheme.port
    }
    let host = name.lowercased()
    guard Origin.isHost(host) else { return nil }
    self.scheme = scheme
    self.host = host
  }

  /// The origin of the registry API of a reference's host; nil for a host that cannot be connected to.
  /// - Parameter scheme: nil to derive it from the host and `insecure`. Docker Hub is never reached over plain HTTP.
  init?(of reference: Reference, insecure: Bool, scheme: Scheme? = nil) {
    let isHub = reference.host == DockerHub.host
    let isPlain = reference.isLoopback || (insecure && !isHub)
    self.init(scheme ?? (isPlain ? .http : .https), authority: isHub ? DockerHub.registry : reference.host)
  }

  var description: String {
    port == scheme.port ? "\(scheme.rawValue)://\(host)" : "\(scheme.rawValue)://\(host):\(port)"
  }

  /// Whether the host is this machine: 127.0.0.0/8, ::1 or localhost.
  var isLoopback: Bool {
    if host == "localhost" || host.hasSuffix(".localhost") { return true }
    return IPLiteral(host)?.isLoopback ?? false
  }

  private static func isHost(_ host: String) -> Bool {
    if host.hasPrefix("[") { return IPLiteral(host) != nil }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    // libcurl parses a host whose last label is a number as an IPv4 address, also in unusual forms (0x7f.1,
    // 2130706433).
    if let last = labels.last, last.allSatisfy(\.isNumber) || last.hasPrefix("0x") { return IPLiteral(host) != nil }
    return labels.allSatisfy { label in
      !label.isEmpty
        && label.utf8.allSatisfy { byte in
          (97...122).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
        }
    }
  }
}
