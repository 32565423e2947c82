import OpzDistribution
import OpzIO
import OpzOCI
public import OpzRegistry
import OpzStore

/// `opz fsck --repair`: rewrites generated files and fetches lost blobs.
public struct RepairRegistry: Sendable {
  private let registry: Registry
  private let sources: [String]
  private let session: Session

  /// - Parameter sources: `HOST/REPO`, or directories with an OCI layout, such as another registry. The repositories
  ///   that versions were pushed to are tried as well.
  public init(_ registry: Registry, from sources: [String], in session: Session) {
    self.registry = registry
    self.sources = sources
    self.session = session
  }

  /// - Returns: the number of repaired files. What no source has is left as it is.
  public func run(_ report: FsckReport) async throws -> Int {
    let registry = registry
    var repaired = try await blocking { try registry.rewriteGenerated() }
    var readers = try sources.map { try reader($0) }
    for place in try places() {
      if let reader = try? session.pullSource(place, byDigest: true) { readers.append(reader) }
    }
    for descriptor in report.lost {
      for reader in readers {
        guard (try? await reader.contains(descriptor)) == true, let blob = try? await reader.blob(descriptor) else {
          continue
        }
        try await blocking { try registry.discard(descriptor) }
        try await registry.store.put(descriptor, from: blob)
        repaired += 1
        break
      }
    }
    return repaired
  }

  private func reader(_ text: String) throws -> any ContentReader {
    let path = session.path(text)
    if let status = try FileStatus.find(path), status.kind == .directory { return try LayoutStore.open(path) }
    return try session.pullSource(try Reference(parsing: text), byDigest: true)
  }

  private func places() throws -> [Reference] {
    var found: [String] = []
    for name in try registry.models() { found += try registry.state(name).places.values.flatMap { $0 } }
    return Set(found).sorted().compactMap { try? Reference(parsing: $0) }
  }
}
