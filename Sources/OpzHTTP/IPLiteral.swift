#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A host that is an IP address: `10.0.0.1`, `[fe80::1]`.
package struct IPLiteral: Hashable, Sendable {
  /// 4 or 16 bytes. An IPv4-mapped IPv6 address is stored as IPv4.
  package let bytes: [UInt8]

  /// Parses four decimal numbers without leading zeros, or an IPv6 address in brackets without a zone.
  package init?(_ host: String) {
    if host.hasPrefix("["), host.hasSuffix("]") {
      var address = in6_addr()
      guard inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1 else { return nil }
      let all = withUnsafeBytes(of: &address) { Array($0) }
      let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
      bytes = Array(all.prefix(12)) == mapped ? Array(all.suffix(4)) : all
      return
    }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { part in UInt8(part).flatMap { String($0) == part ? $0 : nil } }
    guard parts.count == 4, numbers.count == 4 else { return nil }
    bytes = numbers
  }

  /// 127.0.0.0/8 or ::1.
  package var isLoopback: Bool {
    bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
  }

  /// Whether the address is local to this machine or network (RFC 1918, 3927, 4193, 4291, 6598) or cannot be a
  /// peer's, such as a multicast address.
  package var isPrivate: Bool {
    if isLoopback { return true }
    if bytes.count == 16 {
      let embedded = bytes.prefix(12).allSatisfy { $0 == 0 } || bytes.starts(with: [0x00, 0x64, 0xff, 0x9b])
      return embedded || bytes[0] & 0xfe == 0xfc || bytes[0] == 0xff || (bytes[0] == 0xfe && bytes[1] & 0x80 == 0x80)
    }
    switch (bytes[0], bytes[1]) {
    case (0, _), (10, _), (192, 168), (169, 254), (172, 16...31), (100, 64...127), (224..., _): return true
    default: return false
    }
  }
}
