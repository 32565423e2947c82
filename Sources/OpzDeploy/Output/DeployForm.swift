/// How manifests are laid out in files: the value of `--form`.
///
/// As with a target, all that distinguishes a form from the others is a member of it, and no member has a default. Each
/// form is made where its files are.
public struct DeployForm: RawRepresentable, CaseIterable, Sendable, Hashable, CustomStringConvertible {
  /// All forms, in the order in which `opz deploy --help` lists them.
  public static let allCases: [DeployForm] = [.plain, .kustomize, .helm]

  /// What `--form` says.
  public let rawValue: String
  /// Whether the files are the objects themselves, which can then be written as one stream and applied by opz.
  public let isPlain: Bool
  /// The directory, below that of the files, all of whose YAML files kubectl or Helm reads; empty for the files' own
  /// directory, nil where only the files are read that another one lists.
  public let readDirectory: String?
  /// Lays out the manifests of a plan.
  public let files: @Sendable (DeploymentPlan, Manifests.Purpose, Manifests) throws -> [Manifests.File]
  /// The command that applies the files of a directory.
  public let applyCommand: @Sendable (_ directory: String, DeployProfile) -> String

  public var description: String { rawValue }

  /// Two forms are equal if their names are.
  public static func == (one: DeployForm, other: DeployForm) -> Bool { one.rawValue == other.rawValue }

  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

extension DeployForm {
  /// Finds a form by its name.
  public init?(rawValue: String) {
    guard let found = DeployForm.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = found
  }
}
