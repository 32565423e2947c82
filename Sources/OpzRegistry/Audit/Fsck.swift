public import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Registry {
  /// How much an audit reads.
  public struct FsckOptions: Sendable {
    /// Check that blobs exist and have their sizes, without hashing them.
    public var quick = false
    /// Hashes of events that the log must contain, noted elsewhere: a registry that was reset to an earlier state looks
    /// complete from inside.
    public var expected: [String] = []

    /// Creates options; the default hashes every blob.
    ///
    /// - Parameters:
    ///   - quick: whether to check that blobs exist and have their sizes, without hashing them.
    ///   - expected: SHA-256 hashes of events, in hex, that the log must contain.
    public init(quick: Bool = false, expected: [String] = []) {
      self.quick = quick
      self.expected = expected
    }
  }

  /// Checks everything: the digest of each blob, that references have their blobs, the hash of each event and its place
  /// in the graph, heads, records against the artifacts that carry them, and generated files against their sources.
  public func fsck(_ options: FsckOptions = FsckOptions(), progress: any ProgressSink = NoProgress()) async throws
    -> FsckReport
  {
    var report = FsckReport()
    let rotten = options.quick ? [] : try await hashBlobs(into: &report, progress)
    let (names, others) = try modelsAndOthers()
    for other in others { report.add("models/\(other)", "it is a symbolic link, or its name is not valid for a model") }
    var hashes: Set<Digest> = []
    let parts = try await blocking {
      try inParallel(names) { try ModelAudit.run(self, $0, rotten: rotten, isQuick: options.quick) }
    }
    for part in parts {
      report.merge(part.report)
      hashes.formUnion(part.events)
    }
    for expected in options.expected
    where Digest(algorithm: .sha256, hex: expected).map({ !hashes.contains($0) }) ?? true {
      report.add(
        expected, "no model's log has this event: the history was truncated or reset to an earlier state",
        hint: "restore the registry from a copy that has it")
    }
    checkRepositories(rotten, &report)
    checkTopIndex(names, &report)
    return report
  }

  /// Hashes all blobs on all cores.
  /// - Returns: the names of corrupt blobs.
  private func hashBlobs(into report: inout FsckReport, _ progress: any ProgressSink) async throws -> Set<Digest> {
    var digests: [Digest] = []
    for algorithm in Digest.Algorithm.allCases {
      let directory = root.appending("blobs").appending(algorithm.rawValue)
      guard try FileStatus.find(directory) != nil else { continue }
      for name in try Directory.names(directory) where name.first != UInt8(ascii: ".") {
        let text = String(decoding: name, as: UTF8.self)
        guard let digest = Digest(algorithm: algorithm, hex: text) else {
          report.add("blobs/\(algorithm)/\(text)", "the name is not a digest")
          continue
        }
        // Opening a pipe would block; a blob that is gone by now was collected.
        if let status = try FileStatus.find(store.path(of: digest)), status.kind != .file {
          report.add("blobs/\(algorithm)/\(text)", "it is not a regular file")
        } else {
          digests.append(digest)
        }
      }
    }
    report.blobs = digests.count
    var rotten: Set<Digest> = []
    let hashed = try await blocking { [digests] in try inParallel(digests) { try hash($0, progress) } }
    for (digest, found, size) in hashed {
      guard let found else {
        report.blobs -= 1
        continue
      }
      report.bytes &+= size
      guard found != digest else { continue }
      rotten.insert(digest)
      report.add("blobs/\(digest.algorithm)/\(digest.hex)", "its content has the digest \(found)")
    }
    return rotten
  }

  /// - Returns: nil for `found` if a collection has removed the blob since it was listed.
  private func hash(_ digest: Digest, _ progress: any ProgressSink) throws -> (Digest, found: Digest?, UInt64) {
    progress.report(.started(item: digest.short, total: nil))
    do {
      var hasher = DigestHasher(digest.algorithm)
      let blob = try FileBlob(store.path(of: digest))
      try blob.forEachChunk { hasher.update($0) }
      let found = hasher.finish()
      progress.report(.finished(item: digest.short, outcome: found == digest ? .done : .failed))
      return (digest, found, blob.size)
    } catch let failure as IOFailure where failure.errno == ENOENT {
      progress.report(.finished(item: digest.short, outcome: .done))
      return (digest, nil, 0)
    }
  }

  /// Checks the entries that opz wrote to the registry's index. Other tools may have entries of their own.
  private func checkTopIndex(_ names: [ModelName], _ report: inout FsckReport) {
    let hint = "opz export --index writes it again"
    // A git clone has no index.
    guard (try? FileStatus.find(root.appending("index.json"))) != nil else { return }
    guard let index = try? store.index() else {
      return report.add("index.json", "it cannot be read", hint: hint)
    }
    for entry in index.manifests {
      guard let tag = entry.annotations?[LayoutStore.tagAnnotation], tag.contains("@") else { continue }
      do {
        if try isExport(entry, of: tag) { continue }
      } catch let error as RegistryError where error.code == .unknownFormat {
        // The audit of its model reports it.
        continue
      } catch {}
      report.add("index.json", "\(tag) differs from the registry", hint: hint)
    }
  }

  /// Whether an entry is what its tag names, or once named: a writer that crashed after its event has not updated the
  /// index, which is harmless.
  private func isExport(_ entry: Descriptor, of tag: String) throws -> Bool {
    let reference = try LocalReference(parsing: tag)
    let state = try state(reference.name)
    let versions: [SemanticVersion] =
      switch reference.selector {
      case .version(let version): [version]
      case .alias(let alias): (state.moves[alias] ?? []).compactMap(\.version)
      case .newest, .digest: []
      }
    for known in versions.flatMap({ state.versions[$0] ?? [] }) where known.image == entry.digest {
      guard let size = try FileStatus.find(store.path(of: known.image))?.size else { return true }
      return size == entry.size && (entry.mediaType.isManifest || entry.mediaType.isIndex)
    }
    return false
  }
}
