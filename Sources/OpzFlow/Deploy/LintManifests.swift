import OpzIO
public import OpzLint

/// `opz lint`: finds problems in manifests before they are applied.
public struct LintManifests: Sendable {
  /// The findings, and the texts they refer to.
  public struct Result: Sendable {
    public let report: LintReport
    /// The manifests that were read, for excerpts.
    public let inputs: [LintInput]
  }

  private let names: [String]
  private let options: LintOptions
  private let session: Session

  /// - Parameter names: files, directories, or `-` for standard input.
  public init(_ names: [String], _ options: LintOptions, in session: Session) {
    self.names = names
    self.options = options
    self.session = session
  }

  /// Reads the manifests and checks them. Findings are in the report and do not throw.
  ///
  /// - Throws: `FlowError` of category `notFound` for a name that does not exist or a directory without manifests,
  ///   `IOFailure`.
  public func run() async throws -> Result {
    try await blocking { [self] in
      let inputs = try ManifestFiles.read(names, session)
      return Result(report: try Linter(options).run(inputs), inputs: inputs)
    }
  }
}
