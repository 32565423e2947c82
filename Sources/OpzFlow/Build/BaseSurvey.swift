import OpzArchive
import OpzIO
import OpzJSON
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore
import SystemPackage

/// What `opz lock` finds in a base's layers: the facts that wheels depend on, and the names that packaging asks for
/// later.
///
/// A layer that the registry does not have is fetched once, and removed when it was read; the facts of an image are kept
/// in `cache/facts`, by its digest, and the names of a layer in `cache/names`.
struct BaseSurvey: Sendable {
  let image: Image
  /// As `opz.yaml` names it.
  let base: String
  /// The `HOST/REPO` that has the layers, if they are not in the registry.
  let origin: String?
  let registry: Registry
  let session: Session

  func facts() async throws -> BaseFacts {
    let file = place("json")
    if let known = try await blocking({ BaseSurvey.known(file) }) { return known }
    let facts = try await read(BaseFactsReader()) { try $0.add($1) }.facts(
      environment: image.config.config?.env ?? [])
    try await keep(facts, file)
    return facts
  }

  /// What the base has of Debian.
  func debian() async throws -> DebianBase {
    let file = place("debian.json")
    if let known = try await blocking({ BaseSurvey.knownDebian(file) }) { return known }
    let debian = DebianBase(try await read(DebianBase.reader()) { try $0.add($1) }.finished())
    try await keep(debian, file)
    return debian
  }

  private func place(_ suffix: String) -> FilePath {
    registry.cacheDirectory.appending("facts").appending("\(image.manifest.descriptor.digest.hex).\(suffix)")
  }

  private func keep(_ value: some Encodable & Sendable, _ file: FilePath) async throws {
    try await blocking {
      try Durable.makeDirectory(file.removingLastComponent())
      try Durable.replaceWithoutSync(file, with: CanonicalJSON.encodePretty(value))
    }
  }

  /// Shows each layer to a reader, the lowest first.
  private func read<Reader: Sendable>(
    _ reader: Reader, add: @escaping @Sendable (inout Reader, StoredLayer) throws -> Void
  ) async throws -> Reader {
    let directory = registry.cacheDirectory.appending(
      "\(Durable.temporaryPrefix)base-\(UInt64.random(in: 0...UInt64.max))")
    defer { try? Durable.removeTree(directory) }
    var reader = reader
    for layer in image.layers {
      let (blob, temporary) = try await self.blob(layer.descriptor, directory)
      let (earlier, names) = (reader, BasePaths.listing(of: layer.descriptor, in: registry))
      reader = try await blocking {
        // The diffID is verified as the names are listed; a listing that exists was made of the same bytes.
        let stored = try StoredLayer(layer.descriptor, blob, diffID: layer.diffID)
        if try !NameListing.isIntact(names) { _ = try NameListing.write(stored, to: names) }
        var next = earlier
        try add(&next, stored)
        if let temporary { try Durable.remove(temporary) }
        return next
      }
    }
    return reader
  }

  private static func knownDebian(_ file: FilePath) -> DebianBase? {
    guard let bytes = try? SmallFile.read(file, limit: 256 << 20),
      let known = try? CanonicalJSON.decode(DebianBase.self, from: bytes, subject: file.string),
      known.format == DebianBase.format
    else { return nil }
    RecentUse.mark(file)
    return known
  }

  private static func known(_ file: FilePath) -> BaseFacts? {
    guard let bytes = try? SmallFile.read(file, limit: 1 << 20),
      let facts = try? CanonicalJSON.decode(BaseFacts.self, from: bytes, subject: file.string), facts.releases != nil
    else { return nil }
    RecentUse.mark(file)
    return facts
  }

  /// A layer's bytes, which are fetched to a file in the directory unless the registry has them.
  func blob(_ descriptor: Descriptor, _ directory: FilePath) async throws -> (any Blob, temporary: FilePath?) {
    guard try !registry.store.has(descriptor), let origin else { return (try registry.store.file(descriptor), nil) }
    session.progress.report(
      .note(
        "reading layer \(descriptor.digest.short) of \(base), \(ByteCount.text(descriptor.size)); this is done only once"
      ))
    let remote = try await session.pullSource(try Reference(parsing: origin), byDigest: true).blob(descriptor)
    return try await blocking {
      try Durable.makeDirectory(directory)
      let path = directory.appending(descriptor.digest.hex)
      let file = try OpenFile.creating(path)
      var hasher = DigestHasher(descriptor.digest.algorithm)
      try remote.forEachChunk { bytes in
        hasher.update(bytes)
        try file.write(bytes)
      }
      let found = hasher.finish()
      guard found == descriptor.digest else {
        throw StoreError(
          .wrongDigest, descriptor.digest.description, reason: "\(base) sent bytes with the digest \(found)")
      }
      return (FileBlob(path, size: descriptor.size), path)
    }
  }
}
