public import OpzIO
import OpzJSON
public import OpzOCI
import OpzStore
import SystemPackage

/// The name of a repository that clients push to: `crm/churn` (OCI distribution-spec, "Pulling manifests").
///
/// It becomes a path below the registry's `repositories` directory, so it is validated.
public struct RepositoryName: Hashable, Sendable, Comparable, CustomStringConvertible, LosslessStringConvertible {
  public let description: String

  /// The repository that `text` names, or nil: lower-case parts joined by `/`, at most 255 bytes.
  public init?(_ text: String) {
    guard Reference.isRepository(text) else { return nil }
    description = text
  }

  /// Orders names by their UTF-8 bytes.
  public static func < (one: RepositoryName, other: RepositoryName) -> Bool {
    one.description.utf8.lexicographicallyPrecedes(other.description.utf8)
  }
}

/// A repository that clients push to and pull from, in the registry's directory:
///
///     repositories/<name>/_manifests/<alg>/<hex>                a manifest in the repository
///     repositories/<name>/_tags/<tag>                           what the tag names
///     repositories/<name>/_referrers/<alg>/<hex>/<alg>-<hex>    a manifest whose subject is the first digest
///
/// Each file is a descriptor. The content itself is under `blobs/`. No part of a name begins with `_`, so repositories can
/// be nested.
public struct Repository: Sendable {
  public let name: RepositoryName
  private let registry: Registry
  private let directory: FilePath

  init(_ name: RepositoryName, in registry: Registry) {
    self.name = name
    self.registry = registry
    directory = registry.repositoriesDirectory.pushing(FilePath(name.description))
  }

  // MARK: Reading

  /// Whether anything was ever pushed to it.
  public func exists() throws -> Bool { try FileStatus.find(directory.appending("_manifests")) != nil }

  /// All tags, sorted by their bytes.
  public func tags() throws -> [String] { try files(directory.appending("_tags")).filter { Reference.isTag($0) } }

  /// What a tag names; nil if there is no such tag.
  public func resolve(_ tag: String) throws -> Descriptor? {
    guard Reference.isTag(tag) else { return nil }
    return try read(directory.appending("_tags").appending(tag))
  }

  /// The descriptor of a manifest that the repository has.
  public func manifest(_ digest: Digest) throws -> Descriptor? { try read(place(of: digest)) }

  /// All manifests and indexes that were pushed and not deleted.
  public func manifests() throws -> [Descriptor] {
    try Digest.Algorithm.allCases.flatMap { algorithm in
      let place = directory.appending("_manifests").appending(algorithm.rawValue)
      return try files(place).compactMap { try read(place.appending($0)) }
    }
  }

  /// The manifests whose subject is `digest`, with their annotations.
  public func referrers(of digest: Digest) throws -> [Descriptor] {
    let place = referrersDirectory(digest)
    return try files(place).compactMap { try read(place.appending($0)) }
  }

  /// The digests of the manifests whose subject is `digest`.
  func referrerDigests(of digest: Digest) throws -> [Digest] {
    try files(referrersDirectory(digest)).compactMap { name in
      guard let dash = name.firstIndex(of: "-") else { return nil }
      return Digest("\(name[..<dash]):\(name[name.index(after: dash)...])")
    }
  }

  /// One of them, with its annotations; nil if it was deleted.
  func referrer(_ referrer: Digest, of digest: Digest) throws -> Descriptor? {
    try read(referrersDirectory(digest).appending(Repository.file(referrer)))
  }

  // MARK: Writing

  /// Stores a manifest or an index. When it returns, it is durable and can be pulled.
  /// - Parameters:
  ///   - bytes: at most 4 MiB.
  ///   - digest: the digest that the client expects; nil for the SHA-256.
  ///   - tags: the tags to set. Each is set as a whole, but a crash may come between two.
  /// - Returns: its descriptor, and its subject if it has one.
  /// - Throws: `OCIError` for anything but a manifest of that type, `RegistryError.notFound` if it names missing
  ///   content, `StoreError.wrongDigest`.
  public func put(_ bytes: [UInt8], _ mediaType: MediaType, digest: Digest? = nil, tags: [String] = []) throws -> (
    descriptor: Descriptor, subject: Digest?
  ) {
    try registry.requireLocks()
    let document = try PushedDocument(bytes, mediaType, subject: name.description)
    var descriptor = document.descriptor
    if let digest {
      descriptor.digest = digest
      try Verification.check(bytes, against: descriptor)
    }
    // Shared: a collection, which holds it alone, either sees this manifest or has not yet taken what it names.
    try FileLock.holding(registry.root.appending("lock"), .shared) {
      for needed in document.needs where try !registry.store.has(needed) {
        throw RegistryError(
          .notFound, "\(needed.digest)", reason: "the manifest names it, and it is not in this registry",
          hint: "push the blobs before the manifest that names them")
      }
      if let config = document.config { try registry.check(config: config) }
      try store(bytes, descriptor)
      try write(descriptor, at: place(of: descriptor.digest))
      if let subject = document.subject {
        var entry = descriptor
        entry.artifactType = document.artifactType
        entry.annotations = document.annotations
        try write(entry, at: referrersDirectory(subject).appending(Repository.file(descriptor.digest)))
      }
      for tag in tags { try write(descriptor, at: directory.appending("_tags").appending(tag)) }
    }
    return (descriptor, document.subject)
  }

  /// Removes a tag. False if there is none.
  public func delete(tag: String) throws -> Bool {
    guard try resolve(tag) != nil else { return false }
    try remove(directory.appending("_tags").appending(tag))
    return true
  }

  /// Removes a manifest and the tags that name it. Its bytes stay until a collection. False if there is none.
  public func delete(_ digest: Digest) throws -> Bool {
    guard let descriptor = try manifest(digest) else { return false }
    for tag in try tags() where try resolve(tag)?.digest == digest { _ = try delete(tag: tag) }
    if try registry.store.has(descriptor),
      let document = try? PushedDocument(registry.store.content(descriptor), descriptor.mediaType, subject: ""),
      let subject = document.subject
    {
      try remove(referrersDirectory(subject).appending(Repository.file(digest)))
    }
    try remove(place(of: digest))
    return true
  }

  private func store(_ bytes: [UInt8], _ descriptor: Descriptor) throws {
    if try registry.store.has(descriptor) { return }
    let writer = try registry.store.ingest(descriptor.digest.algorithm, expecting: descriptor.size)
    try bytes.withUnsafeBytes { try writer.write($0) }
    try writer.commit(as: descriptor)
  }

  // MARK: Files

  private func place(of digest: Digest) -> FilePath {
    directory.appending("_manifests").appending(digest.algorithm.rawValue).appending(digest.hex)
  }

  private func referrersDirectory(_ digest: Digest) -> FilePath {
    directory.appending("_referrers").appending(digest.algorithm.rawValue).appending(digest.hex)
  }

  /// A digest as a file name.
  private static func file(_ digest: Digest) -> String { "\(digest.algorithm.rawValue)-\(digest.hex)" }

  private func files(_ place: FilePath) throws -> [String] {
    guard try FileStatus.find(place) != nil else { return [] }
    return try Directory.names(place).filter { $0.first != UInt8(ascii: ".") }
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// Nil if there is no file: another client may have deleted it since it was listed.
  private func read(_ file: FilePath) throws -> Descriptor? {
    guard try FileStatus.find(file) != nil else { return nil }
    do {
      return try CanonicalJSON.decode(
        Descriptor.self, from: SmallFile.read(file, limit: Document.limit), .descriptor, subject: file.string)
    } catch let failure as IOFailure where failure.category == .notFound {
      return nil
    }
  }

  private func write(_ descriptor: Descriptor, at file: FilePath) throws {
    try Durable.makeDirectory(file.removingLastComponent())
    try Durable.replace(file, with: try CanonicalJSON.encodePretty(descriptor))
  }

  private func remove(_ file: FilePath) throws {
    guard try FileStatus.find(file) != nil else { return }
    try Durable.remove(file)
    try Durable.syncDirectory(file.removingLastComponent())
  }
}

extension Registry {
  var repositoriesDirectory: FilePath { root.appending("repositories") }

  /// The repository of a name, which may be empty.
  public func repository(_ name: RepositoryName) -> Repository { Repository(name, in: self) }

  /// The names of all repositories with pushed content, sorted; without models.
  public func repositories() throws -> [RepositoryName] {
    var names: [RepositoryName] = []
    try collectRepositories(repositoriesDirectory, prefix: "", into: &names)
    return names.sorted()
  }

  private func collectRepositories(_ directory: FilePath, prefix: String, into names: inout [RepositoryName]) throws {
    // A name has at most 255 bytes, so it is at most 128 directories deep.
    guard prefix.utf8.count <= 255, try FileStatus.find(directory, followLinks: false)?.kind == .directory else {
      return
    }
    for entry in try Directory.names(directory) {
      let text = prefix + String(decoding: entry, as: UTF8.self)
      guard let name = RepositoryName(text) else { continue }
      if try repository(name).exists() { names.append(name) }
      try collectRepositories(directory.appending(FilePath(bytes: entry).components), prefix: text + "/", into: &names)
    }
  }
}
