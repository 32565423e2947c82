import OpzHTTP
import OpzIO
import OpzOCI
import OpzTOML
import SystemPackage

/// containerd's directory of `HOST/hosts.toml` (containerd, docs/hosts.md).
struct HostsDirectory {
  private let root: FilePath
  private let isNamed: Bool

  /// - Parameter named: the directory; nil for containerd's usual one.
  init(_ named: FilePath?) {
    root = named ?? "/etc/containerd/certs.d"
    isNamed = named != nil
  }

  /// The sources of an image; nil where no file is about its host.
  /// - Throws: `DistributionError` with the code `configuration`.
  func route(to reference: Reference) throws -> PullRoute? {
    guard let directory = directory(of: reference.host) else { return nil }
    let path = directory.appending("hosts.toml")
    // A directory without the file has certificates alone.
    guard (try? FileStatus.find(path)) ?? nil != nil, let text = try MirrorFiles.text(of: path, isNamed: isNamed) else {
      return nil
    }
    let table = try MirrorTable(path, text: text)
    var sources = try table.members("host").map { try source($0.name, $0.table, image: reference) }
    sources.append(try server(table, reference))
    return PullRoute(sources: sources, file: path)
  }

  /// The first of the directories that exist: `HOST_PORT_`, `HOST:PORT`, `_default`.
  private func directory(of host: String) -> FilePath? {
    var names = [host, "_default"]
    let (name, port) = Reference.split(host: host)
    if let port { names.insert("\(name)_\(port)_", at: 0) }
    return names.map { root.appending($0) }.first { (try? FileStatus.of($0).kind) == .directory }
  }

  /// What is asked last: `server`, or the image's own registry.
  private func server(_ table: MirrorTable, _ image: Reference) throws -> PullSource {
    guard let text = try table.text("server"), !text.isEmpty else {
      var own = PullSource(try Reference(host: image.host, repository: image.repository), place: "\(table.path):1")
      own.isUpstream = true
      try secure(&own, table)
      return own
    }
    let address = text.hasPrefix("http://") || text.hasPrefix("https://") ? text : "https://\(text)"
    return try source(address, table, image: image, key: "server")
  }

  private func source(
    _ text: String, _ table: MirrorTable, image: Reference, key: String? = nil
  ) throws -> PullSource {
    let line = key.map { table.table.line(of: $0) } ?? table.table.line
    func wrong(_ reason: String) -> DistributionError {
      MirrorProblem(table.path, line, reason: "\(PrintableText.brief(text)) \(reason)").error
    }
    guard let address = MirrorAddress(text) else { throw wrong("is not http[s]://HOST[:PORT][/PATH]") }
    var api = address.path
    if try !table.flag("override_path"), !api.hasSuffix("/v2") { api += "/v2" }
    guard let (there, rest) = try? address.repository(of: image, api: api) else {
      throw wrong("has a path that no repository can have")
    }
    var source = PullSource(there, place: "\(table.path):\(line)")
    source.api = rest
    let isHub = DockerHub.isHost(address.origin.host)
    if !isHub { source.scheme = address.origin.scheme }
    source.isUpstream = there.name == image.name && rest == "/v2"
    if !source.isUpstream, address.host != image.host { source.namespace = image.host }
    source.uses = try uses(table)
    try secure(&source, table)
    return source
  }

  private func uses(_ table: MirrorTable) throws -> Set<PullSource.Use> {
    guard let value = table.table["capabilities"] else { return [.content, .names] }
    guard let items = value.array, !items.isEmpty else {
      if value.array?.isEmpty == true { return [.content, .names] }
      throw table.problem("capabilities", "has to be a list of texts")
    }
    var uses: Set<PullSource.Use> = []
    for item in items {
      switch item.string?.lowercased() {
      case "pull": uses.insert(.content)
      case "resolve": uses.insert(.names)
      case "push", "referrers": continue
      case let other?: throw table.problem("capabilities", "has \(PrintableText.brief(other)), which is unknown")
      case nil: throw table.problem("capabilities", "has to be a list of texts")
      }
    }
    // A host that may not be pulled from is not asked what a tag names either.
    return uses.contains(.content) ? uses : []
  }

  /// What proves who the host is, and who this is.
  private func secure(_ source: inout PullSource, _ table: MirrorTable) throws {
    source.isInsecure = try table.flag("skip_verify")
    source.authorities = try paths(table, "ca")
    guard let value = table.table["client"] else { return }
    // libcurl has one certificate for a connection, so the first one counts.
    let first = value.array?.first ?? value
    let pair = (first.array ?? [first]).compactMap(\.string)
    guard (1...2).contains(pair.count) else {
      throw table.problem("client", "has to be a path, or pairs of a certificate and a key")
    }
    let key = pair.count == 2 && !pair[1].isEmpty ? pair[1] : pair[0]
    source.identity = .init(certificate: absolute(pair[0], table), key: absolute(key, table))
  }

  private func paths(_ table: MirrorTable, _ key: String) throws -> [FilePath] {
    guard let value = table.table[key] else { return [] }
    let items = value.array ?? [value]
    let texts = items.compactMap(\.string)
    guard texts.count == items.count else { throw table.problem(key, "has to be a path or a list of paths") }
    return texts.map { absolute($0, table) }
  }

  /// Paths are relative to the file.
  private func absolute(_ text: String, _ table: MirrorTable) -> FilePath {
    table.path.removingLastComponent().pushing(FilePath(text))
  }
}
