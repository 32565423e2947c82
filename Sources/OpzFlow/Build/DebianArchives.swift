import OpzArchive
import OpzDebian
import OpzHTTP
import OpzIO
import OpzPackage
import OpzRegistry
import SystemPackage

/// The indexes of Debian archives, each proved as apt does it: the Release file by its signature, the indexes by the
/// digests that it names.
struct DebianArchives: Sendable {
  let base: DebianBase
  /// As `opz.yaml` names it.
  let name: String
  /// Debian's name of the processor.
  let architecture: String
  let registry: Registry
  let session: Session

  private enum Limit {
    /// Bytes of a Release file.
    static let release = 64 << 20
    /// Bytes of an index, compressed.
    static let index = 128 << 20
    /// Unpacked bytes for each packed one.
    static let ratio: UInt64 = 200
  }

  /// The sources to take packages from: those of opz.yaml, or else the base's.
  /// - Parameter lines: `runtime.archive`.
  func sources(_ lines: [String]) throws -> [AptSource] {
    guard lines.isEmpty else {
      return try lines.compactMap {
        try AptSource(line: $0, subject: "runtime.archive", architecture: architecture)
      }
    }
    var found: [AptSource] = []
    for (file, text) in base.sources.sorted(by: { $0.key < $1.key }) {
      do {
        found += try AptSource.all(in: text, file: "/\(file) of \(name)", architecture: architecture)
      } catch let error as DebianError where error.code == .unsupported {
        session.progress.report(.note("\(error.subject) is left out: \(error.reason)"))
      }
    }
    // Its files are the base's, and not this machine's.
    for source in found where source.isLocal {
      session.progress.report(.note("\(source.text) is left out: runtime.archive names directories of this machine"))
    }
    found.removeAll(where: \.isLocal)
    guard !found.isEmpty else {
      throw FlowError(
        .notFound, name, reason: "its apt has no source of packages",
        hint: "name one in opz.yaml: runtime.archive: deb http://deb.debian.org/debian bookworm main")
    }
    return found
  }

  /// The indexes of the sources, in their order.
  func indexes(_ sources: [AptSource]) async throws -> [PackageIndex] {
    var indexes: [PackageIndex] = []
    for source in sources where source.has(architecture) { indexes += try await self.indexes(source) }
    return indexes
  }

  private func indexes(_ source: AptSource) async throws -> [PackageIndex] {
    guard let release = try await release(source) else { return try await unsignedIndex(source) }
    var indexes: [PackageIndex] = []
    for component in source.isFlat ? [nil] : source.components.map(Optional.some) {
      guard let entry = release.packages(component, architecture: architecture) else {
        session.progress.report(
          .note("\(source.text) has no packages for \(architecture)" + (component.map { " in \($0)" } ?? "")))
        continue
      }
      let bytes = try await content(source.release + entry.path, entry)
      indexes.append(try await index(bytes, path: entry.path, of: source, priority: release.priority))
    }
    return indexes
  }

  /// The Release file, whose signature is verified; nil for an archive without one, which is trusted by name.
  private func release(_ source: AptSource) async throws -> ReleaseFile? {
    let place = "\(source.release)InRelease"
    let bytes: [UInt8]
    if let signed = try await get(place, limit: Limit.release) {
      let text = try ClearSignedText(signed, subject: place)
      if source.signedBy != .nobody { try await verify(text, of: source, at: place) }
      bytes = text.text
    } else {
      guard source.signedBy == .nobody else {
        throw FlowError(
          .notFound, place, reason: "the archive has no signed InRelease",
          hint: "if it is your own, write [trusted=yes] behind deb in runtime.archive")
      }
      guard let plain = try await get("\(source.release)Release", limit: Limit.release) else { return nil }
      bytes = plain
    }
    let release = try ReleaseFile(bytes, subject: place)
    if source.checksDate { try release.check(at: .now(), subject: place) }
    // A good signature of another suite's file, which may be an old one. apt says it too, and some archives have other
    // names than their directory.
    if !source.isFlat, !release.names.isEmpty, !release.names.contains(source.suite) {
      session.progress.report(
        .note("warning: \(place) calls itself \(release.names.joined(separator: ", ")), not \(source.suite)"))
    }
    return release
  }

  private func unsignedIndex(_ source: AptSource) async throws -> [PackageIndex] {
    let directories = source.isFlat ? [""] : source.components.map { "\($0)/binary-\(architecture)/" }
    var indexes: [PackageIndex] = []
    for directory in directories {
      for file in PackageIndex.fileNames {
        guard let bytes = try await get("\(source.release)\(directory)\(file)", limit: Limit.index) else { continue }
        indexes.append(try await index(bytes, path: directory + file, of: source, priority: 500))
        break
      }
    }
    guard !indexes.isEmpty else {
      throw FlowError(
        .notFound, source.text, reason: "there is neither InRelease nor Packages",
        hint: "make the index of a directory of packages: dpkg-scanpackages . > Packages")
    }
    return indexes
  }

  private func index(
    _ bytes: [UInt8], path: String, of source: AptSource, priority: Int
  ) async throws -> PackageIndex {
    let (subject, architecture) = ("\(source.release)\(path)", architecture)
    return try await blocking {
      let format: StreamFormat? = path.hasSuffix(".xz") ? .xz : path.hasSuffix(".gz") ? .gzip : nil
      let unpacked = try LimitedSource(
        BytesBlob(bytes), format, most: UInt64(PackageIndex.limit), ratio: Limit.ratio, floor: 1 << 20, name: subject)
      return try PackageIndex(
        unpacked.bytes(), architecture: architecture, archive: source.files, priority: priority, subject: subject)
    }
  }

  // MARK: Signatures

  /// - Throws: `FlowError` of category `verification` for a text that no key of the archive's has signed.
  private func verify(_ text: ClearSignedText, of source: AptSource, at place: String) async throws {
    let keyrings = try keyrings(source, place)
    guard let program = ProgramSearch.find("gpgv", in: session.environment) else {
      throw FlowError(
        .failed, "gpgv", reason: "there is no such program, and it verifies the signatures of Debian's archives",
        hint: "apt-get install gpgv")
    }
    let environment = session.environmentList
    let said = try await blocking {
      let directory = try Directory.temporary(prefix: "opz-gpgv-")
      defer { try? Durable.removeTree(directory) }
      var arguments = [program.string, "--homedir", directory.string, "--status-fd", "1", "--weak-digest", "SHA1"]
      for (number, keyring) in keyrings.enumerated() {
        let file = directory.appending("\(number).gpg")
        try Durable.replaceWithoutSync(file, with: keyring)
        arguments += ["--keyring", file.string]
      }
      let (signature, content) = (directory.appending("Release.gpg"), directory.appending("Release"))
      try Durable.replaceWithoutSync(signature, with: text.signature)
      try Durable.replaceWithoutSync(content, with: text.text)
      return try ChildProcess.run(
        arguments + [signature.string, content.string], environment: environment, limit: 1 << 20)
    }
    let lines = said.text.split(separator: "\n").map { $0.split(separator: " ") }
    func has(_ word: String) -> Bool { lines.contains { $0.count > 1 && $0[0] == "[GNUPG:]" && $0[1] == word } }
    // Debian signs with several keys, of which a base may have some only.
    guard has("VALIDSIG"), has("GOODSIG"), !has("BADSIG") else {
      let missing = lines.filter { $0.count > 2 && $0[1] == "NO_PUBKEY" }.map { String($0[2]) }
      let reason =
        has("BADSIG")
        ? "its signature is of another text"
        : has("EXPKEYSIG") || has("REVKEYSIG")
          ? "the key of its signature has expired or was revoked"
          : "no key of \(name) has signed it"
            + (missing.isEmpty ? "" : "; it is signed by \(missing.joined(separator: ", "))")
      throw FlowError(
        .verification, place, reason: reason,
        hint: "name a base with newer keys, or the archive with [signed-by=/PATH/IN/THE/BASE] in runtime.archive")
    }
  }

  private func keyrings(_ source: AptSource, _ place: String) throws -> [[UInt8]] {
    switch source.signedBy {
    case .nobody: return []
    case .key(let text): return [try Keyring.binary(Array(text.utf8), subject: "the key of \(source.text)")]
    case .files(let paths):
      return try paths.map { path in
        guard let keyring = try base.keyring(path) else {
          throw FlowError(
            .notFound, "\(path) of \(name)", reason: "there is no such keyring, and \(source.text) is signed by it",
            hint: "install debian-archive-keyring in the base, or name a keyring of it in runtime.archive")
        }
        return keyring
      }
    case .base:
      let trusted = try base.trusted.compactMap { try base.keyring($0) }
      guard !trusted.isEmpty else {
        throw FlowError(
          .notFound, name, reason: "its apt trusts no key, and \(place) is signed",
          hint: "install debian-archive-keyring in the base, or name one of its keyrings: deb [signed-by=/usr/share/..]"
        )
      }
      return trusted
    }
  }

  // MARK: Fetching

  /// An index that the Release names, from the cache or the archive.
  private func content(_ url: String, _ entry: ReleaseFile.Entry) async throws -> [UInt8] {
    guard entry.size <= UInt64(Limit.index) else {
      throw FlowError(.refused, url, reason: "it has \(entry.size) bytes, more than \(Limit.index)")
    }
    let file = registry.cacheDirectory.appending("indexes").appending(entry.digest.hex)
    try await DebianFiles(registry: registry, session: session).fetch(
      url, name: entry.path, digest: entry.digest, size: entry.size, to: file)
    return try await blocking { try SmallFile.read(file, limit: Limit.index) }
  }

  /// A file whose digest nobody knows; nil where the archive has none of that name.
  private func get(_ url: String, limit: Int) async throws -> [UInt8]? {
    if let path = DebianFiles.path(url) {
      return try await blocking {
        guard try FileStatus.find(path)?.kind == .file else { return nil }
        return try SmallFile.read(path, limit: limit)
      }
    }
    guard var address = WebAddress(url) else {
      throw FlowError(.failed, url, reason: "its address is not one of the web")
    }
    let client = try HTTPClient(
      HTTPSettings(userAgent: session.tool.replacing(" ", with: "/"), environment: session.environment))
    let policy = AddressPolicy(home: address.origin, insecure: true)
    for _ in 0...HTTPClient.redirectLimit {
      let response = try await client.send(HTTPRequest(method: .get, address: address, limit: limit))
      switch response.status {
      case 200: return response.body
      case 404, 403: return nil
      case 301, 302, 303, 307, 308:
        guard let text = response["location"], let next = address.resolving(text) else {
          throw FlowError(.network, url, reason: "the response \(response.status) has no usable Location")
        }
        try policy.check(next, from: address)
        address = next
      default: throw FlowError(.network, url, reason: "the server answered \(response.status)")
      }
    }
    throw FlowError(.network, url, reason: "more than \(HTTPClient.redirectLimit) redirects")
  }
}

/// Files of Debian archives with a known SHA-256: what proves them is not how they come, so plain http is taken as apt
/// does.
struct DebianFiles: Sendable {
  let registry: Registry
  let session: Session

  /// The number of concurrent downloads.
  private static let parallel = 4

  /// The path of a `file:` URL; nil for others.
  static func path(_ url: String) -> FilePath? {
    guard url.hasPrefix("file:") else { return nil }
    return FilePath("/" + url.dropFirst(5).drop { $0 == "/" }).lexicallyNormalized()
  }

  /// Fetches the packages that are not in the cache, where each is named by its digest.
  func fetch(_ packages: [DebianLock.Package]) async throws -> [LocalDeb] {
    let directory = registry.cacheDirectory.appending("debs")
    return try await concurrently(packages, limit: DebianFiles.parallel) { package in
      let path = directory.appending("\(package.digest.hex).deb")
      try await fetch(package.url, name: package.file, digest: package.digest, size: package.size, to: path)
      RecentUse.mark(path)
      return LocalDeb(package, file: path)
    }
  }

  func fetch(_ url: String, name: String, digest: Digest, size: UInt64, to path: FilePath) async throws {
    if let file = DebianFiles.path(url) {
      return try await blocking {
        try LocalCopy(
          file, digest: digest, noun: "file", missing: "the archive lists it, but it does not exist",
          hint: "run apt-ftparchive or dpkg-scanpackages again, then opz lock --update"
        ).take(to: path)
      }
    }
    let download = try FileDownload(
      environment: session.environment, userAgent: session.tool.replacing(" ", with: "/"), progress: session.progress,
      insecure: true)
    try await download.fetch(FileDownload.Item(name: name, url: url, digest: digest, size: size), to: path)
  }
}
