/// Decides where a repository's requests and credentials may go.
///
/// A malicious or misconfigured remote registry can redirect a client to internal hosts or ask for credentials on
/// behalf of another server (CVE-2020-15157 and the advisories that followed it).
struct AddressPolicy: Sendable {
  /// The remote registry's own origin: the only one that is sent its credentials.
  let registry: Origin
  /// The user allowed plain HTTP.
  let insecure: Bool

  /// Checks the target of a redirect or `Location` header.
  /// - Parameter from: the address whose response named `target`.
  /// - Throws: `DistributionError` with the code `refusedAddress`.
  func check(_ target: WebAddress, from: WebAddress) throws {
    if from.origin.scheme == .https, target.origin.scheme == .http {
      throw refusal(target, "it leads from https to plain http")
    }
    try checkPlace(target)
  }

  /// Checks the token server of a `Bearer` challenge, which is sent the user's credentials for this remote registry.
  /// - Throws: `DistributionError` with the code `refusedAddress`.
  func checkRealm(_ realm: WebAddress) throws {
    if realm.origin == registry { return }
    try checkPlace(realm)
    guard realm.origin.scheme == .https || (registry.isLoopback && realm.origin.isLoopback) || isOwnPlainHost(realm)
    else {
      throw refusal(realm, "credentials are sent to a token server over https only")
    }
    if registry.scheme == .https, realm.origin.scheme == .http {
      throw refusal(realm, "it leads from https to plain http")
    }
  }

  private func isOwnPlainHost(_ realm: WebAddress) -> Bool { insecure && realm.origin.host == registry.host }

  private func checkPlace(_ target: WebAddress) throws {
    let origin = target.origin
    if origin.host == registry.host || (registry.isLoopback && origin.isLoopback) { return }
    if origin.isLoopback || (IPLiteral(origin.host)?.isPrivate ?? false) {
      throw refusal(target, "it is an address inside of this network, and not the registry's own")
    }
    if origin.scheme == .http, !insecure {
      throw refusal(target, "it is plain http")
    }
  }

  private func refusal(_ target: WebAddress, _ why: String) -> DistributionError {
    DistributionError(
      .refusedAddress, "\(registry)", "the registry points to \(DistributionError.clean("\(target.origin)")): \(why)",
      hint: "the registry is set up wrongly or is hostile; ask who runs it")
  }
}
