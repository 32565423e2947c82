import OpzHTTP
public import OpzIO
public import OpzOCI

/// What a registry lists as referring to a manifest. Each entry is only what the list says.
public struct ReferrerList: Sendable {
  /// Without annotations that are long, in the registry's order.
  public internal(set) var entries: [Descriptor] = []
  /// Why there is more than these; nil where this is all.
  public internal(set) var leftOut: String?
  /// The registry has the referrers API, so that an empty list says that there are none.
  var isFromAPI = false

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
    throw DistributionError(.tooLarge, "\(name(digest)) referrers", reason: reason)
  }

  /// The same as far as it goes: a list with no end, or with a page that cannot be read, is what came before.
  /// - Parameter type: asks for artifacts of this type alone. A registry may list others all the same.
  /// - Throws: where not even the first page can be read.
  public func referrerList(of digest: Digest, type: MediaType? = nil) async throws -> ReferrerList {
    if let mirrors {
      return try await mirrors.read(
        .names, "\(name(digest)) referrers", isAnswer: { $0.isFromAPI || !$0.entries.isEmpty }
      ) { try await $0.referrerList(of: digest, type: type) }.value
    }
    let filter = type.map { "artifactType=\($0.rawValue.replacing("+", with: "%2B"))" }
    var request = HTTPRequest(
      method: .get, address: client.address("referrers/\(digest)", query: filter),
      headers: [("Accept", MediaType.imageIndex.rawValue)])
    var list = ReferrerList()
    if client.usesReferrersTags.load(ordering: .relaxed) {
      list.add(try await referrersTag.read(digest))
      return list
    }
    // What may be needed instead is requested at the same time: a registry far away is asked once.
    async let tagged = tagged(digest)
    for page in 0..<ReferrerList.pageLimit {
      let next: String?
      do {
        let response = try await client.send(
          request, scopes: client.readScopes, subject: "\(name(digest)) referrers")
        if page == 0, client.quirks.lacksReferrers(response.status) {
          if let found = try await tagged?.get() {
            if !found.isEmpty { client.usesReferrersTags.store(true, ordering: .relaxed) }
            list.add(found)
          } else {
            list.add(try await referrersTag.read(digest))
          }
          return list
        }
        guard response.status == 200 else { throw client.failure(response, "\(name(digest)) referrers") }
        list.add(
          try Index(raw: response.body, subject: "\(name(digest)) referrers").content.manifests.map(
            \.withShortAnnotations))
        if page == 0 { client.profiles.learn { $0.referrers = true } }
        list.isFromAPI = true
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

  /// The list under the fallback tag; nil where the registry is known to list referrers itself.
  private func tagged(_ digest: Digest) async -> Result<[Descriptor], any Error>? {
    if client.profiles.current.referrers == true { return nil }
    do { return .success(try await referrersTag.read(digest)) } catch { return .failure(error) }
  }
}

/// Lists of referrers of a delivery. Each list under a fallback tag is replaced once for all that it gains, and read
/// back when something else has to be waited for anyway.
extension RemoteRepository {
  /// Makes `put` store documents without listing them as referrers. `listReferrers` must follow.
  public func holdReferrers() { held.withLock { $0 = $0 ?? HeldReferrers() } }

  /// Lists what was stored since `holdReferrers`.
  /// - Returns: what was written into lists under fallback tags, for `confirmReferrers`.
  /// - Throws: `DistributionError`.
  public func listReferrers() async throws -> [ReferrerEntry] {
    let entries = held.withLock { held in
      defer { held = nil }
      return held?.entries ?? []
    }
    _ = try await eachSubject(entries) { try await $0.write($1, to: $2) }
    return entries
  }

  /// Reads the lists back, and adds what another writer removed at the same moment.
  /// - Throws: `DistributionError`.
  public func confirmReferrers(_ entries: [ReferrerEntry]) async throws {
    _ = try await eachSubject(entries) { try await $0.add($1, to: $2) }
  }

  func eachSubject(
    _ entries: [ReferrerEntry], _ work: @escaping @Sendable (ReferrersTag, [Descriptor], Digest) async throws -> Void
  ) async throws {
    let lists = Dictionary(grouping: entries, by: \.subject).map { (subject: $0.key, entries: $0.value) }
    _ = try await concurrently(lists) { [referrersTag] list in
      try await work(referrersTag, list.entries.map(\.descriptor), list.subject)
    }
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

/// Entries for lists of referrers that are written later, together.
struct HeldReferrers: Sendable {
  private(set) var entries: [ReferrerEntry] = []
  /// Of all annotations.
  private var bytes = 0

  /// Holds an entry.
  /// - Returns: what has to be written now. Annotations may be as long as a manifest, and a list with more of them
  ///   than a manifest may have loses the long ones anyway, so nothing is gained by holding more.
  mutating func hold(_ entry: ReferrerEntry) -> [ReferrerEntry] {
    entries.append(entry)
    bytes += (entry.descriptor.annotations ?? [:]).reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard bytes > Document.limit else { return [] }
    defer { self = HeldReferrers() }
    return entries
  }
}
