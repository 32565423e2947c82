public import OpzIO
public import OpzOCI

extension RemoteRepository {
  /// The manifests whose subject is `digest`: from the referrers API, or from the fallback tag where the registry has none
  /// (distribution-spec 1.1, "Listing Referrers"). Annotations that are long stay in the manifests.
  public func referrers(of digest: Digest) async throws -> [Descriptor] {
    var request = HTTPRequest(
      method: .get, address: client.address("referrers/\(digest)"),
      headers: [("Accept", MediaType.imageIndex.rawValue)])
    var found: [Descriptor] = []
    // A page names the next one; a registry that never ends is stopped.
    for page in 0..<100 {
      let response = try await client.send(request, [.pull(reference.repository)], "\(name(digest)) referrers")
      if page == 0, [400, 404, 405].contains(response.status) {
        return try await referrersTag.read(digest)
      }
      guard response.status == 200 else { throw RegistryAnswer.error(response, "\(name(digest)) referrers") }
      found += try Index(raw: response.body, subject: "\(name(digest)) referrers").content.manifests.map(\.light)
      guard let next = ReferrersPage.next(response.head.all("link")) else { break }
      request.address = try client.resolve(next, from: request.address)
    }
    return found
  }
}

/// The `Link` header of a list that goes on (RFC 8288).
enum ReferrersPage {
  static func next(_ links: [String]) -> String? {
    for link in links {
      guard let open = link.firstIndex(of: "<"), let close = link[open...].firstIndex(of: ">") else { continue }
      let parameters = link[close...].lowercased().filter { $0 != " " && $0 != "\"" }
      if parameters.contains("rel=next") { return String(link[link.index(after: open)..<close]) }
    }
    return nil
  }
}
