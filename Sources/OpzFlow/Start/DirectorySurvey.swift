import OpzFormats
import OpzIO
import OpzJSON
import OpzPackage
import OpzProject
import SystemPackage

/// What `opz init` makes of a directory that a library saved as a whole.
struct DirectorySurvey {
  /// The directory itself.
  let path: FilePath
  /// How opz.yaml names it: `.`, or a name.
  let name: String
  let session: Session

  /// The model of a worker; nil if no library is known that saves such a directory.
  /// - Throws: `FlowError` for one that no worker can load.
  func model() throws -> WorkerModel? { try mlflow() ?? huggingFace() ?? tensorFlow() }

  private func mlflow() throws -> WorkerModel? {
    guard let saved = try MLflowModel(in: path) else { return nil }
    guard saved.hasFunction else {
      let has = saved.flavors.isEmpty ? "no flavor" : "only the flavors \(saved.flavors.joined(separator: ", "))"
      throw FlowError(
        .failed, path.appending(MLflowModel.fileName).lexicallyNormalized().string,
        reason: "it has \(has), and MLflow loads models of the flavor python_function alone",
        hint: "save the model again with mlflow.LIBRARY.save_model, or name its file in opz.yaml")
    }
    var model = WorkerModel(
      .python, path: name, title: "MLflow (\(saved.flavors.joined(separator: ", ")))", loader: .mlflow)
    model.python = saved.python
    if let file = saved.requirements {
      if name != "." { model.requirementsFile = "\(name)/\(file)" }
    } else {
      model.requirements = requirements(saved)
    }
    if saved.flavors.contains("lightgbm") {
      model.base = "docker.io/library/python:\(saved.python ?? RuntimeSection.usualPython)"
    }
    model.usesTorch = saved.flavors.contains { ["pytorch", "transformers", "sentence_transformers"].contains($0) }
    return model
  }

  private func requirements(_ saved: MLflowModel) -> [PythonRequirement] {
    func exact(_ name: String, _ version: String?, place: String) -> PythonRequirement {
      let exact = version.flatMap(PythonRequirement.exactly)
      return PythonRequirement(
        name, exact ?? "", because: exact == nil ? "MLmodel does not say the version" : "\(place) in MLmodel",
        isGuess: exact == nil)
    }
    var found = [exact("mlflow", saved.mlflow, place: "mlflow_version")]
    let modules = [
      "sklearn": "scikit-learn", "xgboost": "xgboost-cpu", "lightgbm": "lightgbm", "catboost": "catboost",
      "onnx": "onnx",
      "pytorch": "torch", "tensorflow": "tensorflow-cpu", "keras": "keras", "statsmodels": "statsmodels",
      "transformers": "transformers", "prophet": "prophet", "spacy": "spacy", "pmdarima": "pmdarima",
    ]
    for flavor in saved.flavors {
      guard let name = modules[flavor] else { continue }
      // Of TensorFlow's models, MLmodel has the version of Keras alone.
      if flavor == "tensorflow", let keras = saved.keras {
        found += KerasRequirements.make(keras, place: "keras_version in MLmodel")
      } else {
        found.append(exact(name, saved.libraries[flavor], place: "flavors.\(flavor)"))
      }
    }
    return found
  }

  private func huggingFace() throws -> WorkerModel? {
    guard case .description(let found)? = try? session.inspect(path), found.kind == "Hugging Face directory" else {
      return nil
    }
    func row(_ name: String) -> String? { found.rows.first { $0.name == name }?.value }
    if let missing = row("missing") {
      throw FlowError(
        .failed, path.lexicallyNormalized().string, reason: "files of its weights are missing: \(missing)",
        hint: "fetch the whole model")
    }
    var model = WorkerModel(
      .python, path: name, title: "Hugging Face (\(row("architecture") ?? row("model type") ?? "?"))",
      loader: .transformers)
    let exact = row("transformers").flatMap(PythonRequirement.exactly)
    model.requirements = [
      PythonRequirement(
        "transformers", exact ?? "",
        because: exact == nil ? "config.json has no version" : "transformers_version in config.json",
        isGuess: exact == nil),
      PythonRequirement("torch", because: "config.json does not say the version", isGuess: true),
    ]
    model.usesTorch = true
    model.python = PythonChoice.version(for: model.requirements)
    return model
  }

  private func tensorFlow() throws -> WorkerModel? {
    guard try FileStatus.find(path.appending("saved_model.pb")) != nil else { return nil }
    throw FlowError(
      .failed, path.lexicallyNormalized().string, reason: "a SavedModel says its signatures only to TensorFlow",
      hint: "save it with keras: model.save(\"model.keras\"); or write predict.py with predict(frame)")
  }
}
