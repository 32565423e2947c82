import OpzIO
import OpzOCI
import OpzTOML
import SystemPackage

/// Podman's `registries.conf` of version 2 with its drop-in files (containers-registries.conf(5),
/// containers-registries.conf.d(5)). Keys that are about other things than pulling from mirrors are passed over.
struct RegistriesConf {
  /// Which images a mirror is for.
  enum Restriction: String {
    case all
    case digests = "digest-only"
    case tags = "tag-only"
  }

  struct Mirror {
    let location: String
    let isInsecure: Bool
    let restriction: Restriction
    let place: String
  }

  struct Entry {
    let prefix: String
    /// Empty where it is the image's own name.
    let location: String
    let isInsecure: Bool
    let isBlocked: Bool
    let mirrors: [Mirror]
    let file: FilePath
    let place: String
  }

  private var entries: [String: Entry] = [:]

  /// Reads the files; nil where there are none.
  /// - Parameter named: the only file to read; nil for podman's usual ones.
  /// - Throws: `DistributionError` with the code `configuration`.
  static func find(_ named: FilePath?, _ environment: [String: String]) throws -> RegistriesConf? {
    var found = RegistriesConf()
    if let named {
      guard let text = try MirrorFiles.text(of: named, isNamed: true) else { return nil }
      try found.take(named, text)
      return found
    }
    var isAny = false
    for (path, isNamed) in try places(environment) {
      guard let text = try MirrorFiles.text(of: path, isNamed: isNamed) else { continue }
      isAny = true
      try found.take(path, text)
    }
    return isAny ? found : nil
  }

  /// The file, and the drop-in files whose tables replace its own. The user's file takes the place of the system's and
  /// of the system's drop-in files.
  private static func places(_ environment: [String: String]) throws -> [(path: FilePath, isNamed: Bool)] {
    let system: FilePath = "/etc/containers"
    let user = UserHome.directory(environment)?.appending(".config").appending("containers")
    let userDropIns = user.map { dropIns($0.appending("registries.conf.d")) } ?? []
    if let named = environment["CONTAINERS_REGISTRIES_CONF"], !named.isEmpty, !named.contains("\0") {
      return [(FilePath(named), true)]
        + (dropIns(system.appending("registries.conf.d")) + userDropIns).map { ($0, false) }
    }
    if let own = user?.appending("registries.conf"), (try? FileStatus.of(own)) != nil {
      return ([own] + userDropIns).map { ($0, false) }
    }
    let all = [system.appending("registries.conf")] + dropIns(system.appending("registries.conf.d")) + userDropIns
    return all.map { ($0, false) }
  }

  /// The `.conf` files of a directory, in the order of their names.
  private static func dropIns(_ directory: FilePath) -> [FilePath] {
    guard let names = try? Directory.entries(directory) else { return [] }
    return names.filter { $0.extension == "conf" }.prefix(1000).map { directory.appending($0) }
  }

  private mutating func take(_ path: FilePath, _ text: String) throws {
    // Of two tables of one prefix the first counts within a file, and the last file's among files.
    var new: [String: Entry] = [:]
    for table in try MirrorTable(path, text: text).tables("registry") {
      let entry = try RegistriesConf.entry(table)
      if new[entry.prefix] == nil { new[entry.prefix] = entry }
    }
    entries.merge(new) { $1 }
  }

  private static func entry(_ table: MirrorTable) throws -> Entry {
    let location = try place(table, "location")
    var prefix = try place(table, "prefix")
    if prefix.isEmpty { prefix = location }
    guard !location.isEmpty || prefix.hasPrefix("*.") else {
      throw MirrorProblem(table.path, table.table.line, reason: "a registry without a location").error
    }
    guard table.table["pull-from-mirror"] == nil else {
      throw table.problem("pull-from-mirror", "is for mirrors alone")
    }
    let digestsOnly = try table.flag("mirror-by-digest-only")
    return Entry(
      prefix: prefix, location: location, isInsecure: try table.flag("insecure"),
      isBlocked: try table.flag("blocked"),
      mirrors: try table.tables("mirror").map { try mirror($0, digestsOnly: digestsOnly) }, file: table.path,
      place: table.place)
  }

  private static func mirror(_ table: MirrorTable, digestsOnly: Bool) throws -> Mirror {
    let location = try place(table, "location")
    guard !location.isEmpty else {
      throw MirrorProblem(table.path, table.table.line, reason: "a mirror without a location").error
    }
    var restriction = digestsOnly ? Restriction.digests : .all
    if let text = try table.text("pull-from-mirror"), !text.isEmpty {
      guard !digestsOnly else {
        throw table.problem("pull-from-mirror", "cannot be set together with mirror-by-digest-only")
      }
      guard let named = Restriction(rawValue: text) else {
        throw table.problem("pull-from-mirror", "has to be all, digest-only or tag-only")
      }
      restriction = named
    }
    return Mirror(
      location: location, isInsecure: try table.flag("insecure"), restriction: restriction, place: table.place)
  }

  private static func place(_ table: MirrorTable, _ key: String) throws -> String {
    var text = try table.text(key) ?? ""
    while text.hasSuffix("/") { text.removeLast() }
    guard !text.hasPrefix("http://"), !text.hasPrefix("https://") else {
      throw table.problem(key, "has to be HOST[/PATH] without a scheme")
    }
    return text
  }

  /// The sources of an image, of which the last one is the registry itself; nil where no table is about it.
  /// - Throws: `DistributionError` with the code `blocked`, or `configuration` for a location that names no repository.
  func route(to reference: Reference, byDigest: Bool) throws -> PullRoute? {
    let matching = entries.values.compactMap { entry in
      RegistriesConf.match(reference.name, entry.prefix).map { (entry: entry, length: $0) }
    }
    // Among matches of one length the longer prefix is the one without a wildcard; the order must not depend on a hash.
    guard
      let (entry, length) = matching.max(by: { ($0.length, $0.entry.prefix) < ($1.length, $1.entry.prefix) })
    else { return nil }
    guard !entry.isBlocked else {
      throw DistributionError(
        .blocked, reference.description, reason: "images of \(PrintableText.brief(entry.prefix)) must not be pulled",
        hint: "\(entry.place) says blocked = true; ask who wrote it")
    }
    var sources: [PullSource] = []
    for mirror in entry.mirrors where mirror.restriction.allows(byDigest: byDigest) {
      let there = try RegistriesConf.rewrite(reference, length, location: mirror.location, place: mirror.place)
      sources += RegistriesConf.sources(there, mirror.place, isInsecure: mirror.isInsecure)
    }
    let there =
      entry.location.isEmpty
      ? try Reference(host: reference.host, repository: reference.repository)
      : try RegistriesConf.rewrite(reference, length, location: entry.location, place: entry.place)
    sources += RegistriesConf.sources(there, entry.place, isInsecure: entry.isInsecure, isUpstream: true)
    return PullRoute(sources: sources, file: entry.file)
  }

  /// How much of a repository's name a prefix matches; nil where it does not.
  static func match(_ name: String, _ prefix: String) -> Int? {
    var length = prefix.utf8.count
    let bytes = Array(name.utf8)
    if prefix.hasPrefix("*.") {
      let host = name.prefix { $0 != "/" }
      guard let found = host.firstRange(of: prefix.dropFirst()) else { return nil }
      length = host[..<found.upperBound].utf8.count
    } else if !name.hasPrefix(prefix) {
      return nil
    }
    guard length > 0, length <= bytes.count else { return nil }
    // Unlike podman, which says that nobody should rely on it, a host does not match itself with a port.
    return length == bytes.count || bytes[length] == UInt8(ascii: "/") ? length : nil
  }

  private static func rewrite(_ reference: Reference, _ length: Int, location: String, place: String) throws
    -> Reference
  {
    let text = location + String(decoding: reference.name.utf8.dropFirst(length), as: UTF8.self)
    do {
      let there = try Reference(parsing: text)
      guard there.tag == nil, there.digest == nil else {
        throw OCIError(.badReference, text, reason: "a tag or a digest")
      }
      return there
    } catch {
      throw DistributionError(
        .configuration, place, reason: "\(PrintableText.brief(text)) is no repository: HOST[:PORT]/NAME",
        hint: "correct the location; \(MirrorFiles.variable)=none pulls without mirrors")
    }
  }

  /// One source, or for a place that need not prove who it is: with TLS, and then without.
  private static func sources(
    _ reference: Reference, _ place: String, isInsecure: Bool, isUpstream: Bool = false
  ) -> [PullSource] {
    var source = PullSource(reference, place: place)
    source.isUpstream = isUpstream
    return isInsecure ? source.insecureForms : [source]
  }
}

extension RegistriesConf.Restriction {
  fileprivate func allows(byDigest: Bool) -> Bool {
    switch self {
    case .all: true
    case .digests: byDigest
    case .tags: !byDigest
    }
  }
}

extension PullSource {
  /// With TLS whoever's the certificate is, and then without TLS, as podman and docker try an insecure registry. This
  /// machine is spoken to as ever.
  var insecureForms: [PullSource] {
    guard !reference.isLoopback else { return [self] }
    var (secure, plain) = (self, self)
    secure.isInsecure = true
    secure.scheme = .https
    plain.isInsecure = true
    plain.scheme = .http
    return [secure, plain]
  }
}
