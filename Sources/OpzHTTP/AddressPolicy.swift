import OpzIO

/// Decides where the redirects and links of a server may lead.
///
/// A malicious or misconfigured server can redirect a client to internal hosts or ask for credentials on behalf of
/// another server (CVE-2020-15157 and the advisories that followed it).
package struct AddressPolicy: Sendable {
  /// The server's own origin: the only one that is sent its credentials.
  package let home: Origin
  /// The user allowed plain HTTP.
  package let insecure: Bool

  /// A policy for the requests that start at `home`.
  package init(home: Origin, insecure: Bool) {
    self.home = home
    self.insecure = insecure
  }

  /// Checks the target of a redirect or `Location` header.
  /// - Parameter from: the address whose response named `target`.
  /// - Throws: `HTTPError` with the code `refusedAddress`.
  package func check(_ target: WebAddress, from: WebAddress) throws {
    try checkScheme(target, from: from.origin)
    try checkPlace(target)
  }

  /// Checks that a target does not leave https.
  /// - Throws: `HTTPError` with the code `refusedAddress`.
  package func checkScheme(_ target: WebAddress, from: Origin) throws {
    if from.scheme == .https, target.origin.scheme == .http {
      throw refusal(target, "it leads from https to plain http")
    }
  }

  /// Checks that a target is not inside of this network, unless the server itself is, and not plain HTTP.
  /// - Throws: `HTTPError` with the code `refusedAddress`.
  package func checkPlace(_ target: WebAddress) throws {
    let origin = target.origin
    if origin.host == home.host || (home.isLoopback && origin.isLoopback) { return }
    if origin.isLoopback || (IPLiteral(origin.host)?.isPrivate ?? false) {
      throw refusal(target, "it is an address inside of this network, and not the server's own")
    }
    if origin.scheme == .http, !insecure {
      throw refusal(target, "it is plain http")
    }
  }

  /// The error for a target that is not allowed.
  package func refusal(_ target: WebAddress, _ why: String) -> HTTPError {
    HTTPError(
      .refusedAddress, "\(home)", reason: "the server points to \(PrintableText.brief("\(target.origin)")): \(why)",
      hint: "the server is set up wrongly or is hostile; ask who runs it")
  }
}
