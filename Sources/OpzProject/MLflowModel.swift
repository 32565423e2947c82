import OpzIO
public import OpzJSON
import OpzOCI
import OpzStore
import OpzYAML
public import SystemPackage

/// A model directory written by `mlflow.*.save_model`: `MLmodel`, the model's files and its requirements.
///
/// Such a directory needs no opz.yaml: its files have the same information.
public struct MLflowModel: Sendable {
  public static let fileName = "MLmodel"

  /// `3.11`.
  public let python: String?
  /// `python_function`, `sklearn` ..
  public let flavors: [String]
  /// `inputs`, `outputs` and `params`, each decoded from the JSON text in MLmodel.
  public let signature: JSONValue?
  /// The requirements file, if there is one.
  public let requirements: String?
  /// The MLflow that wrote the directory: `2.14.1`.
  public let mlflow: String?
  /// Whether MLflow can load it as a function: the flavor `python_function` with a loader.
  public let hasFunction: Bool
  /// By flavor, the version of its library, which MLflow calls after it: `sklearn`, the text of `sklearn_version`.
  public let libraries: [String: String]
  /// The version of Keras that a model of the flavor `tensorflow` was saved with; its own version is not in the file.
  public let keras: String?

  /// Reads the directory; nil if it has no MLmodel.
  /// - Throws: `ConfigError` if MLmodel is not valid YAML.
  public init?(in directory: FilePath) throws {
    let path = directory.appending(MLflowModel.fileName)
    guard let status = try FileStatus.find(path), status.kind == .file else { return nil }
    let document = try MLflowModel.read(path, name: MLflowModel.fileName)
    flavors = document["flavors"]?.members.map(\.key) ?? []
    let function = document["flavors"]?["python_function"]
    mlflow = document["mlflow_version"]?.written
    hasFunction = function?["loader_module"]?.written?.isEmpty == false
    libraries = MLflowModel.libraries(document["flavors"]?.members ?? [])
    keras = document["flavors"]?["tensorflow"]?["keras_version"]?.written
    var version = function?["python_version"]?.written
    let environment = directory.appending("python_env.yaml")
    if version == nil, try FileStatus.find(environment) != nil {
      version = try MLflowModel.read(environment, name: "python_env.yaml")["python"]?.written
    }
    python = version.flatMap(MLflowModel.minor)
    signature = document["signature"].flatMap(MLflowModel.signature)
    let file = "requirements.txt"
    requirements = try FileStatus.find(directory.appending(file)) == nil ? nil : file
  }

  /// Flavors have versions of other libraries too: `keras_version` stands below `tensorflow`.
  private static func libraries(_ flavors: [YAMLNode.Member]) -> [String: String] {
    let others = ["xgboost": "xgb_version", "lightgbm": "lgb_version", "spark": "pyspark_version"]
    var versions: [String: String] = [:]
    for flavor in flavors {
      versions[flavor.key] = flavor.value[others[flavor.key] ?? "\(flavor.key)_version"]?.written
    }
    return versions
  }

  private static func read(_ path: FilePath, name: String) throws -> YAMLNode {
    let bytes = try SmallFile.read(path, limit: YAMLRules.foreign.bytes)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigError(path.string, "the text is not UTF-8")
    }
    let root = try ConfigError.reading(name) { () throws(YAMLProblem) in try YAMLReader.readOne(text, .foreign) }
    return root ?? YAMLNode(content: .map([]), place: Place(line: 1, column: 1))
  }

  /// The first two numbers of a version.
  private static func minor(_ text: String) -> String? {
    let parts = text.split(separator: ".")
    guard parts.count >= 2,
      parts.prefix(2).allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } && $0.count < 4 })
    else { return nil }
    return "\(parts[0]).\(parts[1])"
  }

  private static func signature(_ node: YAMLNode) -> JSONValue? {
    var members: [String: JSONValue] = [:]
    for member in node.members {
      let key = member.key
      guard ["inputs", "outputs", "params"].contains(key), case .text(let text) = member.value.value,
        let json = try? CanonicalJSON.decode(JSONValue.self, from: Array(text.utf8), subject: key)
      else { continue }
      members[key] = json
    }
    return members.isEmpty ? nil : .object(members)
  }

  /// The command of MLflow's own server in an image, which opz.yaml of earlier versions has.
  public static let serverCommand = [
    "python3", "-m", "mlflow", "models", "serve", "-m", "/models", "-h", "0.0.0.0", "-p", "8080", "--env-manager",
    "local",
  ]

  /// The opz.yaml equivalent to the directory: opz-server in front of a worker that has MLflow load the model, with the
  /// packages that the model requires. As the image's first process MLflow's own server would not heed SIGTERM.
  /// - Parameter name: the model's name.
  public func configuration(name: String) -> String {
    var runtime = ["kind: python"]
    if let python { runtime.append("python: \"\(python)\"") }
    if let requirements { runtime.append("requirements: \(requirements)") }
    return """
      opz: 1
      name: \(name)
      model: {path: .}
      runtime: {\(runtime.joined(separator: ", "))}
      serve: {loader: mlflow}

      """
  }
}
