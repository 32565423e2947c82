import OpzHTTPServer
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry

extension RegistryResponder {
  /// Default and maximum number of entries per page.
  private static let page = 1000

  func tags(_ request: HubRequest, _ name: RepositoryName) async throws -> Response {
    let tags = try await onDisk { [registry] () -> [String]? in
      let (repository, model) = (registry.repository(name), try ModelRepository(name.description, in: registry))
      guard try model != nil || repository.exists() else { return nil }
      return try Array(Set(repository.tags() + (model?.tags() ?? [])))
    }
    guard let tags else { throw SpecError(404, .nameUnknown, message: "no such repository") }
    let (entries, next) = try page(request, tags)
    return try Response(
      200, next,
      json: JSONValue.object(["name": .string(name.description), "tags": .array(entries.map(JSONValue.string))]))
  }

  func catalog(_ request: HubRequest) async throws -> Response {
    let names = try await onDisk { [registry] in
      let models = try registry.models().filter { try ModelRepository($0.description, in: registry) != nil }
      return Set(try registry.repositories().map(\.description) + models.map(\.description))
    }
    let (entries, next) = try page(request, Array(names))
    return try Response(200, next, json: JSONValue.object(["repositories": .array(entries.map(JSONValue.string))]))
  }

  /// The part of a list that `n` and `last` select, and the link to the next page.
  private func page(_ request: HubRequest, _ all: [String]) throws -> ([String], [(name: String, value: String)]) {
    var count = RegistryResponder.page
    if let text = request.query["n"] {
      guard let wanted = UInt64(text) else { throw SpecError(400, .unsupported, message: "n is not a whole number") }
      count = Int(min(wanted, UInt64(count)))
    }
    let last = request.query["last"].map { Array($0.utf8) } ?? []
    let rest = all.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
      .drop { !last.isEmpty && !last.lexicographicallyPrecedes($0) }
    let entries = rest.prefix(count).map { String(decoding: $0, as: UTF8.self) }
    guard rest.count > count, let end = entries.last else { return (entries, []) }
    return (entries, [("Link", "<\(request.path)?n=\(count)&last=\(end)>; rel=\"next\"")])
  }

  /// An index of the digest's referrers, empty if there are none ("Listing Referrers"). A long one is paginated.
  func referrers(_ request: HubRequest, _ name: RepositoryName, digest: Digest) async throws -> Response {
    // An unescaped `+` has been decoded to a space, which no media type contains.
    let type = request.query["artifactType"]?.replacing(" ", with: "+")
    var count = ReferrerList.pageLimit
    if let text = request.query["n"] {
      guard let wanted = UInt64(text) else { throw SpecError(400, .unsupported, message: "n is not a whole number") }
      count = Int(min(wanted, UInt64(count)))
    }
    let (last, most) = (try request.query["last"].map { try self.digest($0) }, count)
    let page = try await onDisk { [registry] in
      try ReferrerList(of: digest, in: name, of: registry).page(after: last, count: most, type: type)
    }
    var headers: [(name: String, value: String)] = []
    if type != nil { headers.append(("OCI-Filters-Applied", "artifactType")) }
    if let end = page.last {
      let filter = type.map { "&artifactType=\(RegistryResponder.escaped($0))" } ?? ""
      headers.append(("Link", "</v2/\(name)/referrers/\(digest)?n=\(max(1, most))&last=\(end)\(filter)>; rel=\"next\""))
    }
    let index = try Index(.init(manifests: page.entries))
    return Response(200, [("Content-Type", MediaType.imageIndex.rawValue)] + headers, body: .bytes(index.raw))
  }

  /// A text escaped as a query parameter's value.
  private static func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        String(UnicodeScalar(byte))
      default: "%" + Hex.encode([byte]).uppercased()
      }
    }.joined()
  }
}
