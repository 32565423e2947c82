import OpzHTTP
public import OpzIO
public import OpzOCI

/// What a registry lists as referring to a manifest. Each entry is only what the list says.
public struct ReferrerList: Sendable {
  /// Without annotations that are long, in the registry's order.
  public internal(set) var entries: [Descriptor] = []
  /// Why there is more than these; nil where this is all.
  public internal(set) var leftOut: String?

  /// Pages and entries after which a registry is not asked any further: one that never ends is stopped.
  static let pageLimit = 100
  static let limit = 10_000
}

extension RemoteRepository {
  /// The manifests whose subject is `digest`: from the referrers API, or from the fallback tag where the registry has none
  /// (distribution-spec 1.1, "Listing Referrers"). Annotations that are long stay in the manifests.
  /// - Throws: `DistributionError.tooLarge` where the list does not end.
  public func referrers(of digest: Digest) async throws -> [Descriptor] {
    let list = try await referrerList(of: digest)
    guard let reason = list.leftOut else { return list.entries }
    throw DistributionError(.tooLarge, "\(name(digest)) referrers", reason)
  }

  /// The same as far as it goes: a list with no end, or with a page that cannot be read, is what came before.
  /// - Parameter type: asks for artifacts of this type alone. A registry may list others all the same.
  /// - Throws: where not even the first page can be read.
  public func referrerList(of digest: Digest, type: MediaType? = nil) async throws -> ReferrerList {
    let filter = type.map { "artifactType=\($0.rawValue.replacing("+", with: "%2B"))" }
    var request = HTTPRequest(
      method: .get, address: client.address("referrers/\(digest)", query: filter),
      headers: [("Accept", MediaType.imageIndex.rawValue)])
    var list = ReferrerList()
    for page in 0..<ReferrerList.pageLimit {
      let next: String?
      do {
        let response = try await client.send(
          request, scopes: [.pull(reference.repository)], subject: "\(name(digest)) referrers")
        if page == 0, client.quirks.lacksReferrers(response.status) {
          list.add(try await referrersTag.read(digest))
          return list
        }
        guard response.status == 200 else { throw client.failure(response, "\(name(digest)) referrers") }
        list.add(
          try Index(raw: response.body, subject: "\(name(digest)) referrers").content.manifests.map(
            \.withShortAnnotations))
        next = ReferrersPage.next(response.head.all("link"))
        if let next { request.address = try client.resolve(next, from: request.address) }
      } catch let error as any ExplainedError where page > 0 && (error as? DistributionError)?.isTransient != true {
        list.leftOut = "page \(page + 1) of its referrers cannot be read: \(error.reason)"
        return list
      }
      if next == nil || list.leftOut != nil { return list }
    }
    list.leftOut = "its referrers fill more than \(ReferrerList.pageLimit) pages"
    return list
  }
}

extension ReferrerList {
  fileprivate mutating func add(_ more: [Descriptor]) {
    let room = ReferrerList.limit - entries.count
    entries += more.prefix(room)
    if more.count > room { leftOut = "more than \(ReferrerList.limit) manifests are listed as its referrers" }
  }
}

/// Parses the `Link` header of a paginated list (RFC 8288).
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
