import OpzOCI

/// Scheme, host and port: credentials of one origin are never for another.
struct Origin: Hashable, Sendable, CustomStringConvertible {
  enum Scheme: String, Sendable, CaseIterable {
    case http, https

    var port: UInt16 { self == .https ? 443 : 80 }

    /// The scheme that a URL begins with.
    static func prefix(of text: some StringProtocol) -> Scheme? {
      allCases.first { text.prefix($0.rawValue.count + 3).lowercased() == "\($0.rawValue)://" }
    }
  }

  let scheme: Scheme
  /// Lower case; an IPv6 address in brackets.
  let host: String
  let port: UInt16

  /// Reads `HOST[:PORT]`. No user and password, no escapes, no number that only some readers take for an address.
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

  /// Where the registry API of a reference's host is; nil for a host that cannot be connected to.
  /// - Parameter scheme: nil for the one that the host and `insecure` say. Docker Hub is never spoken to in plain text.
  init?(of reference: Reference, insecure: Bool, scheme: Scheme? = nil) {
    let isHub = reference.host == DockerHub.host
    let isPlain = reference.isLoopback || (insecure && !isHub)
    self.init(scheme ?? (isPlain ? .http : .https), authority: isHub ? DockerHub.registry : reference.host)
  }

  var description: String {
    port == scheme.port ? "\(scheme.rawValue)://\(host)" : "\(scheme.rawValue)://\(host):\(port)"
  }

  /// This machine: 127.0.0.0/8, ::1, localhost.
  var isLoopback: Bool {
    if host == "localhost" || host.hasSuffix(".localhost") { return true }
    return IPLiteral(host)?.isLoopback ?? false
  }

  private static func isHost(_ host: String) -> Bool {
    if host.hasPrefix("[") { return IPLiteral(host) != nil }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    // A last label that is a number makes libcurl read the whole as an IPv4 address, in odd forms too (0x7f.1, 2130706433).
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
