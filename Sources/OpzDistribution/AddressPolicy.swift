/// Where requests of a repository may go, and where its credentials may (the advisories that began with CVE-2020-15157).
struct AddressPolicy: Sendable {
  /// The registry's own origin: the only one that gets its credentials.
  let registry: Origin
  /// The user said that plain HTTP is fine.
  let insecure: Bool

  /// Checks a redirect or a Location that was answered by `from`.
  func check(_ target: WebAddress, from: WebAddress) throws {
    if from.origin.scheme == .https, target.origin.scheme == .http {
      throw refusal(target, "it leads from https to plain http")
    }
    try checkPlace(target)
  }

  /// Checks a token server. It gets the user's credentials for this registry.
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
