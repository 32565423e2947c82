import OpzIO
import OpzOCI
import OpzTestKit
import OpzYAML
import SystemPackage
import Testing

@testable import OpzProject

@Suite("MLflow's model directories")
struct MLflowTests {
  static let model = """
    artifact_path: model
    flavors:
      python_function:
        env:
          conda: conda.yaml
          virtualenv: python_env.yaml
        loader_module: mlflow.sklearn
        model_path: model.pkl
        predict_fn: predict
        python_version: 3.11.7
      sklearn:
        code: null
        pickled_model: model.pkl
        serialization_format: cloudpickle
        sklearn_version: 1.5.0
    mlflow_version: 2.14.1
    model_size_bytes: 1203
    signature:
      inputs: '[{"type": "double", "name": "a", "required": true}]'
      outputs: '[{"type": "long", "required": true}]'
      params: null
    utc_time_created: '2026-05-03 14:02:11.123456'

    """

  @Test("MLmodel becomes the project's configuration")
  func read() throws {
    let directory = try TemporaryDirectory()
    try directory.write("MLmodel", Self.model)
    try directory.write("requirements.txt", "mlflow==2.14.1\n")
    let model = try #require(try MLflowModel(in: directory.path))
    #expect(model.python == "3.11" && model.flavors == ["python_function", "sklearn"])
    guard case .object(let signature)? = model.signature else { return #expect(Bool(false), "no signature") }
    #expect(Set(signature.keys) == ["inputs", "outputs"])
    let config = try ConfigReader.read(
      model.configuration(name: "churn"), overrides: ["runtime.base=r.example/python:3.11"])
    #expect(config.runtime.kind == .python && config.runtime.python == "3.11")
    #expect(config.runtime.requirements == "requirements.txt" && config.runtime.hasWorkers)
    #expect(config.serve?.loader == .mlflow)
    #expect(config.model.path == ".")
  }

  @Test("the version of Python may be only in python_env.yaml")
  func environment() throws {
    let directory = try TemporaryDirectory()
    try directory.write("MLmodel", "flavors: {sklearn: {pickled_model: model.pkl}}\n")
    try directory.write("python_env.yaml", "python: 3.10.4\nbuild_dependencies: [pip]\n")
    let model = try #require(try MLflowModel(in: directory.path))
    #expect(model.python == "3.10" && model.signature == nil && model.requirements == nil)
  }

  @Test(
    "the file may contain anything",
    arguments: [
      "", "[]", "flavors: 3", "flavors: {python_function: {python_version: [1]}}", "signature: {inputs: '{'}", "a: 1",
    ])
  func odd(text: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write("MLmodel", text)
    let model = try #require(try MLflowModel(in: directory.path))
    #expect(model.python == nil && model.signature == nil)
  }

  @Test("the version of a flavor's library is the one that MLflow calls after it")
  func libraries() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      "MLmodel",
      """
      flavors:
        tensorflow: {keras_version: 2.15.0, model_type: keras, data: data}
        xgboost: {model_class: xgboost.sklearn.XGBClassifier, xgb_version: 2.1.1}
        sklearn: {pickled_model: model.pkl, sklearn_version: 1.5.0}
        onnx: {other_version: 3, data: model.onnx}
      """)
    let model = try #require(try MLflowModel(in: directory.path))
    #expect(model.libraries == ["xgboost": "2.1.1", "sklearn": "1.5.0"] && model.keras == "2.15.0")
  }

  @Test("MLflow loads a model by its loader or by its own server's command, and by no other that names it")
  func loaded() throws {
    func isLoaded(_ yaml: String) throws -> Bool {
      try ConfigReader.read(ConfigReaderTests.minimal + yaml).isLoadedByMLflow
    }
    let directory = try TemporaryDirectory()
    try directory.write("MLmodel", Self.model)
    let own = try #require(try MLflowModel(in: directory.path)).configuration(name: "churn")
    #expect(try ConfigReader.read(own, overrides: ["runtime.base=r.example/python:3.11"]).isLoadedByMLflow)
    #expect(try isLoaded("runtime: {kind: python}\nserve: {loader: mlflow}\n"))
    #expect(try !isLoaded("runtime: {kind: python, command: [python3, serve.py, mlflow]}\n"))
    #expect(try !isLoaded("runtime: {kind: python}\nserve: {loader: sklearn-joblib}\n"))
    #expect(try !isLoaded(""))
  }

  @Test("a directory without MLmodel is not an MLflow model")
  func none() throws {
    let directory = try TemporaryDirectory()
    #expect(try MLflowModel(in: directory.path) == nil)
  }
}
