import OpzArchive
import OpzIO
import OpzJSON
import OpzOCI
public import OpzRegistry
import OpzStore
public import OpzTrust

/// `opz scan`: searches the files of a version's image for code that runs when a model is loaded, and for keys and
/// tokens.
public struct ScanVersion: Sendable {
  private let version: Registry.Version
  private let allowed: [String]
  private let all: Bool
  private let session: Session

  /// - Parameters:
  ///   - allowed: Python names that the user accepts.
  ///   - all: whether to also scan layers that are known to be the base's.
  public init(_ version: Registry.Version, allowed: [String] = [], all: Bool = false, in session: Session) {
    self.version = version
    self.allowed = allowed
    self.all = all
    self.session = session
  }

  /// Scans the layers of the image, fetching those that are not here. Findings are in the report and do not throw.
  ///
  /// Layers of the base are skipped unless `all` is set, and layers of wheels are not searched for secrets. Nothing
  /// is recorded: `AttestVersion` attaches the report.
  /// - Throws: `RegistryError.damaged` if the record contradicts the image, and errors of reading a layer.
  public func run(_ registry: Registry) async throws -> ScanReport {
    let content = VersionContent(registry: registry, record: version.record, session: session)
    // Scans the layers of the image, not those of the record, which may omit layers or claim that they are the base's.
    let facts = try await ImageFacts.of(version.record.image, in: content)
    try version.record.require(agreementWith: facts)
    let origins = try await blocking { [version] in try LayerOrigins.of(version, registry) }
    var scanner = try ImageScanner(allowed: allowed)
    for layer in facts.layers {
      let digest = layer.descriptor.digest
      let (isBase, isWheels) = (origins.base.contains(digest), origins.wheels.contains(digest))
      if isBase, !all { continue }
      let packed = try StoredLayer(layer.descriptor, try await content.blob(layer.descriptor), diffID: layer.diffID)
      let before = scanner
      scanner = try await blocking {
        var next = before
        // Wheels come from a public index, so they hold no secrets of the project.
        try next.scan(
          packed, digest: digest, secrets: !isBase && !isWheels, origin: { _ in isWheels ? .wheel : .project })
        return next
      }
    }
    return scanner.report
  }

  /// The report as SARIF, for other tools and for `opz attest`.
  public func sarif(_ report: ScanReport) throws -> [UInt8] {
    try CanonicalJSON.encodePretty(
      report.sarif(
        about: version.record.image.digest, name: version.record.name, tool: session.tool, at: session.author.at))
  }
}
