import OpzHTTP
import OpzIO
import OpzOCI

/// The address of a mirror as containerd and docker write it: `https://HOST[:PORT][/PATH]`.
struct MirrorAddress {
  let origin: Origin
  /// Without a slash at the end; empty for none.
  let path: String

  /// Parses an address; nil for one of another form, or with a user, a query or a fragment.
  init?(_ text: String) {
    guard !text.contains("@"), !text.contains("#"), !text.contains("?"), !text.contains("%"),
      let address = WebAddress(text)
    else { return nil }
    origin = address.origin
    var path = address.path
    while path.hasSuffix("/") { path.removeLast() }
    guard !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else { return nil }
    self.path = path
  }

  /// The host as references write it: with a port where it has to look like a host.
  var host: String {
    if DockerHub.isHost(origin.host), origin.port == origin.scheme.port { return DockerHub.host }
    return origin.port == origin.scheme.port && Reference.namesHost(origin.host)
      ? origin.host : "\(origin.host):\(origin.port)"
  }

  /// The repository of an image there, and the path of the API. A path below `/v2` is the first part of the
  /// repository's name, as scopes of tokens write it.
  /// - Throws: `OCIError` for a path that no repository can have.
  func repository(of image: Reference, api: String) throws -> (Reference, api: String) {
    guard api.hasPrefix("/v2/") else { return (try Reference(host: host, repository: image.repository), api) }
    return (try Reference(host: host, repository: "\(api.dropFirst(4))/\(image.repository)"), "/v2")
  }
}
