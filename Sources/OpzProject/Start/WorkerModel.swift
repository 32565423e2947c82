public import OpzPackage

/// A model that a Python or R worker serves, as far as it is known without running code: `opz init` writes it down.
public struct WorkerModel: Sendable, Hashable {
  /// What runs the model.
  public enum Language: String, Sendable {
    case python, r
  }

  public var language: Language
  /// A file or directory below the project; `.` for the project itself.
  public var path: String
  /// What the model is, for a comment: `scikit-learn (joblib)`.
  public var title: String
  public var loader: ServeSection.Loader
  /// Packages of Python that have to be installed.
  public var requirements: [PythonRequirement] = []
  /// Packages of R that have to be there, by R's names.
  public var packages: [String] = []
  /// The requirements that lie with the model, below the project; nil where opz.yaml names requirements.txt.
  public var requirementsFile: String?
  /// The project's own file that opz lock resolves packages from: `uv.lock` or `pyproject.toml`, with which the project's
  /// own package comes too; nil where opz.yaml names requirements.
  public var projectFile: String?
  /// `3.11`; nil where the model does not say it.
  public var python: String?
  /// The base where the usual one does not do.
  public var base: String?
  /// Files of the project that loading needs, for `code`: `predict.py`.
  public var code: [String] = []
  /// Whether PyTorch is among the packages, of which PyPI's brings CUDA.
  public var usesTorch = false
  /// What the user should know: what was guessed, and why the worker runs the model.
  public var notes: [String] = []

  /// Describes a model; the other properties can be set afterwards.
  public init(_ language: Language, path: String, title: String, loader: ServeSection.Loader) {
    self.language = language
    self.path = path
    self.title = title
    self.loader = loader
  }

  /// The base that opz.yaml names.
  public var usualBase: String {
    let kind: RuntimeSection.Kind = language == .python ? .python : .r
    return base ?? RuntimeSection.usualBase(kind, python: python, hasPackages: language == .r) ?? "scratch"
  }
}

/// A line of requirements.txt, and where its version comes from.
public struct PythonRequirement: Sendable, Hashable {
  /// The distribution's name on PyPI.
  public let name: String
  /// `==1.5.0`, `<2`; empty for any version.
  public let version: String
  /// Who says so: `_sklearn_version in model.joblib`.
  public let reason: String
  /// Whether nothing says which version is right.
  public let isGuess: Bool

  /// Creates a requirement.
  /// - Parameters:
  ///   - version: a version specifier of PEP 440; empty for any.
  ///   - reason: where name and version come from.
  public init(_ name: String, _ version: String = "", because reason: String, isGuess: Bool = false) {
    self.name = name
    self.version = version
    self.reason = reason
    self.isGuess = isGuess
  }

  /// An exact version, if a text is one: what stands in a model is not trusted to be a line of requirements.txt.
  /// A local part (`+cu121`), which no index has, is left out.
  public static func exactly(_ version: String) -> String? {
    let plain = version.prefix { $0 != "+" }
    guard let first = plain.utf8.first, (48...57).contains(first), plain.utf8.count <= 40,
      plain.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) || $0 == 46 }), plain.contains(".")
    else { return nil }
    return "==\(plain)"
  }
}

/// The text of a requirements.txt.
public enum RequirementsText {
  /// One line a requirement, sorted by name, each with its reason.
  public static func make(_ requirements: [PythonRequirement]) -> String {
    let sorted = requirements.sorted { $0.name < $1.name }
    let width = sorted.map { $0.name.count + $0.version.count }.max() ?? 0
    let lines = sorted.map { item in
      let text = item.name + item.version
      let reason = item.isGuess ? "guessed: \(item.reason)" : item.reason
      return text + String(repeating: " ", count: width - text.count) + "  # \(CommentText.line(reason))"
    }
    return (["# Written by opz init from what the model says of itself."] + lines).joined(separator: "\n") + "\n"
  }
}
