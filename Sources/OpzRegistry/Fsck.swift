public import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// What an audit of a registry found.
public struct FsckReport: Sendable {
  public struct Problem: Sendable, Hashable, Codable {
    /// A path below the registry's root, a digest, or `churn@1.0.0`.
    public let subject: String
    public let reason: String
  }

  public var models = 0
  public var versions = 0
  public var events = 0
  public var blobs = 0
  /// Layers of bases that are in container registries and not here.
  public var elsewhere = 0
  /// Bytes that were hashed.
  public var bytes: UInt64 = 0
  public var problems: [Problem] = []

  mutating func add(_ subject: String, _ reason: String) {
    problems.append(Problem(subject: subject, reason: reason))
  }

  mutating func add(_ subject: String, _ error: any Error) {
    let text = (error as? any ExplainedError).map { $0.subject == subject ? $0.reason : "\($0.subject): \($0.reason)" }
    add(subject, text ?? "\(error)")
  }
}

extension Registry {
  /// Reads everything: each blob has its digest, each reference its blob, each event the hash in its name, each head its
  /// event, each record the artifact that carries it.
  public func fsck(progress: any ProgressSink = NoProgress()) async throws -> FsckReport {
    var report = FsckReport()
    let sound = try await hashBlobs(into: &report, progress)
    for name in try models() {
      report.models += 1
      let recorded = checkEvents(of: name, &report)
      for (version, artifact) in recorded.sorted(by: { $0.key < $1.key }) {
        report.versions += 1
        await check(name, version, artifact, sound, &report)
      }
    }
    return report
  }

  private func hashBlobs(into report: inout FsckReport, _ progress: any ProgressSink) async throws -> Set<Digest> {
    var sound: Set<Digest> = []
    for algorithm in Digest.Algorithm.allCases {
      let directory = root.appending("blobs").appending(algorithm.rawValue)
      for entry in try EventLog.list(directory) {
        guard let digest = Digest(algorithm: algorithm, hex: entry.string) else {
          report.add("blobs/\(algorithm)/\(entry.string)", "the name is not a digest")
          continue
        }
        report.blobs += 1
        let path = store.path(of: digest)
        progress.report(.started(item: digest.short, total: nil))
        let (found, size) = try await blocking {
          var hasher = DigestHasher(algorithm)
          let blob = try FileBlob(path)
          try blob.forEachChunk { hasher.update($0) }
          return (hasher.finish(), blob.size)
        }
        report.bytes &+= size
        progress.report(.finished(item: digest.short, outcome: found == digest ? .done : .failed))
        if found == digest {
          sound.insert(digest)
        } else {
          report.add("blobs/\(algorithm)/\(digest.hex)", "the content has the digest \(found)")
        }
      }
    }
    return sound
  }

  private func checkEvents(of name: ModelName, _ report: inout FsckReport) -> [SemanticVersion: Descriptor] {
    let log = log(name)
    var recorded: [SemanticVersion: Descriptor] = [:]
    do {
      let names = try log.names()
      let known = Set(names.map(\.hash))
      for event in names {
        report.events += 1
        do {
          let entry = try log.read(event)
          for head in entry.event.heads where !known.contains(head) {
            report.add("models/\(name)/events/\(event.file)", "it follows the event \(head), which is missing")
          }
          if let version = SemanticVersion(entry.event.version), let artifact = entry.event.record {
            recorded[version] = artifact
          }
        } catch {
          report.add("models/\(name)/events/\(event.file)", error)
        }
      }
      for head in try EventLog.list(log.heads) where !known.contains(head.string) {
        report.add("models/\(name)/heads/\(head.string)", "the event that it names is missing")
      }
    } catch {
      report.add("models/\(name)", error)
    }
    return recorded
  }

  private func check(
    _ name: ModelName, _ version: SemanticVersion, _ artifact: Descriptor, _ sound: Set<Digest>,
    _ report: inout FsckReport
  ) async {
    let subject = "\(name)@\(version)"
    do {
      let found = try find(LocalReference(name, .version(version)))
      guard found.record.name == name.description, found.record.version == version.description else {
        return report.add(subject, "its record is of \(found.record.reference)")
      }
      let manifest = try await store.manifest(artifact)
      if try await RecordArtifact.record(in: manifest, of: store) != found.bytes {
        report.add(subject, "version.json differs from the record that was stored with it")
      }
      if manifest.content.subject?.digest != found.record.image.digest {
        report.add(subject, "its record belongs to another image")
      }
      for root in [artifact, found.record.image] + (found.record.artifacts ?? [:]).values {
        let graph = try await ContentGraph.of(root, in: store)
        for descriptor in graph.blobs + graph.documents where !sound.contains(descriptor.digest) {
          if try !store.has(descriptor),
            found.record.layers.contains(where: { $0.descriptor.digest == descriptor.digest && $0.origin != nil })
          {
            report.elsewhere += 1
            continue
          }
          report.add(subject, "\(descriptor.mediaType) \(descriptor.digest) is missing or damaged")
        }
      }
    } catch {
      report.add(subject, error)
    }
  }
}
