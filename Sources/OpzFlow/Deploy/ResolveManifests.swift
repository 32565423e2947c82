import OpzDistribution
import OpzIO
import OpzLint
import OpzOCI
import OpzRegistry
import OpzStore
import OpzYAML
public import SystemPackage

/// `opz resolve`: replaces versions and tags in manifests by digests and leaves all other bytes unchanged.
public struct ResolveManifests: Sendable {
  /// One manifest file after resolution.
  public struct File: Sendable {
    /// The file's name as the user gave it.
    public let name: String
    public let bytes: [UInt8]
    public let changed: Int
  }

  /// The resolved files, and the image references that were or were not pinned.
  public struct Result: Sendable {
    public let files: [File]
    /// `FILE:LINE:COLUMN: image` of images without a digest; empty after a resolution.
    public let open: [String]
    public let remarks: [String]
    /// `FILE:LINE:COLUMN: image` of images that name no registry and are left unchanged.
    public let unqualified: [String]
    /// `FILE:LINE:COLUMN: image: reason` of images that are ambiguous and are left unchanged.
    public let doubtful: [String]
    /// The number of images that were already pinned.
    public let pinned: Int
    /// The number of images that were pinned now.
    public let changed: Int
  }

  private struct Source: Sendable {
    let input: LintInput
    let uses: [ImageUse]
  }

  /// The manifests that were read.
  private struct Reading: Sendable {
    var sources: [Source] = []
    var remarks: [String] = []
    var unqualified: [String] = []
    var doubtful: [String] = []
  }

  private let names: [String]
  private let isStrict: Bool
  private let session: Session

  /// - Parameter isStrict: whether an image that names no registry or is ambiguous is an error; otherwise it is left
  ///   unchanged.
  public init(_ names: [String], isStrict: Bool = false, in session: Session) {
    self.names = names
    self.isStrict = isStrict
    self.session = session
  }

  /// Finds images that are not pinned, without contacting any registry.
  public func check() async throws -> Result {
    let reading = try await read()
    let sources = reading.sources
    let open = sources.flatMap { source in
      source.uses.filter { !$0.isPinned }.map { "\(ResolveManifests.place(source, $0)): \($0.asked)" }
    }
    let pinned = sources.reduce(0) { $0 + $1.uses.count { $0.isPinned } }
    return Result(
      files: [], open: open, remarks: reading.remarks, unqualified: reading.unqualified,
      doubtful: reading.doubtful, pinned: pinned, changed: 0)
  }

  /// Resolves each reference once, several concurrently.
  /// - Throws: `FlowError` that lists every place that cannot be resolved. Nothing is written then.
  public func run() async throws -> Result {
    let reading = try await read()
    let sources = reading.sources
    let asked = Set(
      sources.flatMap(\.uses).filter { !$0.isPinned && $0.problem == nil && $0.doubt == nil }.map(\.asked))
    let answers = await ImageResolver(session).resolve(asked.sorted())
    try ResolveManifests.refuse(sources, answers)
    let files = sources.map { source in
      let open = source.uses.filter { !$0.isPinned }
      let edits = open.flatMap { use -> [TextEdit] in
        guard case .success(let reference)? = answers[use.asked] else { return [] }
        return use.edits(reference)
      }
      return File(name: source.input.name, bytes: TextEdit.apply(edits, to: source.input.bytes), changed: open.count)
    }
    let pinned = sources.reduce(0) { $0 + $1.uses.count { $0.isPinned } }
    return Result(
      files: files, open: [], remarks: reading.remarks, unqualified: reading.unqualified,
      doubtful: reading.doubtful, pinned: pinned,
      changed: files.reduce(0) { $0 + $1.changed })
  }

  private func read() async throws -> Reading {
    try await blocking { [self] in
      var (reading, sources, replaced) = (Reading(), [Source](), Set<String>())
      for input in try ManifestFiles.read(names, session) {
        if ManifestImages.isTemplate(input.bytes) {
          reading.remarks.append(
            "\(input.name): a Helm template, left unchanged; render it first: helm template . | opz resolve -f -")
          sources.append(Source(input: input, uses: []))
          continue
        }
        do throws(YAMLProblem) {
          let images = try ManifestImages(input.bytes)
          replaced.formUnion(images.replaced)
          sources.append(Source(input: input, uses: images.uses))
        } catch {
          throw FlowError(
            .failed, "\(input.name):\(error.place.line):\(error.place.column)", reason: error.reason, hint: error.hint)
        }
      }
      // An image name that a kustomization replaces is only a placeholder in the manifests.
      for source in sources {
        let uses = source.uses.filter { $0.isPart || !replaced.contains($0.name) }
        let doubtful = isStrict ? [] : uses.filter { !$0.isPinned && $0.problem == nil && $0.doubt != nil }
        reading.doubtful += doubtful.map {
          "\(ResolveManifests.place(source, $0)): \($0.asked): \($0.doubt?.reason ?? "") (hint: \($0.doubt?.hint ?? ""))"
        }
        let sure = uses.filter { isStrict || $0.isPinned || $0.problem != nil || $0.doubt == nil }
        let loose = isStrict ? [] : sure.filter { !$0.isPinned && $0.problem == nil && !$0.namesRegistry }
        reading.unqualified += loose.map { "\(ResolveManifests.place(source, $0)): \($0.asked)" }
        reading.sources.append(
          Source(
            input: source.input, uses: sure.filter { $0.isPinned || $0.problem != nil || $0.namesRegistry || isStrict })
        )
      }
      return reading
    }
  }

  private static func place(_ source: Source, _ use: ImageUse) -> String {
    "\(source.input.name):\(use.place.line):\(use.place.column)"
  }

  private static func refuse(_ sources: [Source], _ answers: [String: ImageResolver.Answer]) throws {
    var problems: [FlowError] = []
    for source in sources {
      for use in source.uses where !use.isPinned {
        let place = "\(place(source, use)): \(use.asked.prefix(200))"
        if let problem = use.problem ?? use.doubt {
          problems.append(FlowError(.failed, place, reason: problem.reason, hint: problem.hint))
        } else if case .failure(let error)? = answers[use.asked] {
          problems.append(FlowError(error.category, place, reason: error.reason, hint: error.hint))
        }
      }
    }
    guard let first = problems.first else { return }
    let rest = problems.dropFirst().prefix(20).map { "\n\($0.subject): \($0.reason)" }.joined()
    throw FlowError(first.category, first.subject, reason: first.reason + rest, hint: first.hint)
  }
}
