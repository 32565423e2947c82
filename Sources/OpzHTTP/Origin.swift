/// The scheme, host and port of a URL. Credentials of one origin are never sent to another.
package struct Origin: Hashable, Sendable, CustomStringConvertible {
  /// The schemes that are spoken.
  package enum Scheme: String, Sendable, CaseIterable {
    case http, https

    /// The default port.
    package var port: UInt16 { self == .https ? 443 : 80 }

    /// The scheme at the start of a URL.
    package static func prefix(of text: some StringProtocol) -> Scheme? {
      allCases.first { text.prefix($0.rawValue.count + 3).lowercased() == "\($0.rawValue)://" }
    }
  }

  package let scheme: Scheme
  /// Lower case; an IPv6 address is in brackets.
  package let host: String
  package let port: UInt16

  /// Parses `HOST[:PORT]`. Rejects user names, passwords, escapes, and numbers that only some parsers take for an IP
  /// address.
  package init?(_ scheme: Scheme, authority: String) {
    // The colons of an IPv6 address are inside of its brackets.
    let start = authority.lastIndex(of: "]") ?? authority.startIndex
    let colon = authority[start...].firstIndex(of: ":")
    let name = authority[..<(colon ?? authority.endIndex)]
    guard !name.isEmpty, name.utf8.count <= 253 else { return nil }
    if let colon {
      let number = authority[authority.index(after: colon)...]
      guard (1...5).contains(number.utf8.count), number.utf8.allSatisfy({ (48...57).contains($0) }),
        let port = UInt16(number), port > 0
      else { return nil }
      self.port = port
    } else {
      port = scheme.port
    }
    let host = name.lowercased()
    guard Origin.isHost(host) else { return nil }
    self.scheme = scheme
    self.host = host
  }

  package var description: String {
    port == scheme.port ? "\(scheme.rawValue)://\(host)" : "\(scheme.rawValue)://\(host):\(port)"
  }

  /// Whether the host is this machine: 127.0.0.0/8, ::1 or localhost.
  package var isLoopback: Bool {
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
