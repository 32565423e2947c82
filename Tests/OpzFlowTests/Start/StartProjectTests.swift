import OpzArchive
import OpzFlow
import OpzIO
import OpzOCI
import OpzPackage
import OpzProject
import OpzTestKit
import OpzYAML
import SystemPackage
import Testing

@Suite("opz init, from a directory that holds only a model")
struct StartProjectTests {
  /// What is expected of a directory.
  struct Case: Sendable, CustomTestStringConvertible {
    let model: ModelDirectory
    let loader: ServeSection.Loader
    var path = "model.pkl"
    /// Lines of requirements.txt without their reasons.
    var requirements: [String] = []
    var base = "docker.io/library/python:3.12-slim"
    var code: [String] = []
    var testDescription: String { "\(model.member): \(loader.rawValue)" }
  }

  static let cases: [Case] = [
    Case(
      model: .start("sklearn-joblib"), loader: .scikitLearnJoblib, path: "model.joblib",
      requirements: ["numpy<2", "pandas", "scikit-learn==1.5.2"]),
    Case(
      model: .start("sklearn-compressed"), loader: .scikitLearnJoblib, path: "model.joblib",
      requirements: ["numpy<2", "pandas", "scikit-learn==1.5.2"]),
    Case(
      model: .start("sklearn-pickle"), loader: .scikitLearnPickle,
      requirements: ["numpy<2", "pandas", "scikit-learn==1.5.2"]),
    Case(
      model: .start("skops"), loader: .skops, path: "model.skops",
      requirements: ["pandas", "scikit-learn==1.5.2", "skops"]),
    Case(
      model: .start("statsmodels"), loader: .statsmodels, requirements: ["numpy<2", "pandas", "statsmodels"]),
    Case(
      model: .start("lightgbm-pickle"), loader: .scikitLearnPickle,
      requirements: ["lightgbm", "numpy<2", "scikit-learn==1.5.2"], base: "docker.io/library/python:3.12"),
    Case(model: .start("catboost"), loader: .catboost, path: "model.cbm", requirements: ["catboost==1.2.8"]),
    Case(model: .start("onnx-text"), loader: .onnx, path: "model.onnx", requirements: ["numpy", "onnxruntime"]),
    Case(
      model: .start("mlflow-sklearn"), loader: .mlflow, path: ".",
      requirements: [
        "cloudpickle==3.1.3", "mlflow==2.22.1", "numpy==1.26.4", "pandas==2.2.3", "scikit-learn==1.5.2",
        "scipy==1.14.1",
      ], base: "docker.io/library/python:3.11-slim"),
    Case(
      model: .start("mlflow-pyfunc"), loader: .mlflow, path: "model", requirements: ["cloudpickle", "mlflow==2.22.1"],
      base: "docker.io/library/python:3.11-slim"),
    Case(model: .start("own-module"), loader: .scikitLearnPickle, code: ["features.py"]),
    Case(
      model: .start("predict-py"), loader: .predict, path: "weights.json", requirements: ["pandas"],
      code: ["predict.py"]),
    Case(
      model: .corpus("benign_torchscript", "0000/model.pt"), loader: .torchscript, path: "model.pt",
      requirements: ["numpy", "torch"]),
    Case(
      model: .corpus("benign_formats", "0000/model.keras"), loader: .keras, path: "model.keras",
      requirements: ["keras==*", "tensorflow-cpu"]),
    Case(
      model: .corpus("benign_formats", "0002/model.h5"), loader: .keras, path: "model.h5",
      requirements: ["keras", "tensorflow-cpu"]),
    Case(
      model: .corpus("benign_r", "0013/model.rds"), loader: .rds, path: "model.rds",
      base: "docker.io/library/r-base:latest"),
    Case(
      model: .corpus("benign_r", "0034/model.rds"), loader: .rds, path: "model.rds",
      base: "docker.io/library/r-base:latest"),
  ]

  @Test("the project is written whole, and opz reads it", arguments: cases)
  func written(example: Case) async throws {
    let project = try Project()
    try example.model.write(to: project.path)
    let result = try await StartProject(project.path, in: project.session).run()
    let worker = try #require(result.worker)
    #expect(worker.loader == example.loader && worker.path == example.path, "\(worker)")
    let config = try ConfigReader.read(project.path.appending("opz.yaml"))
    try config.checkFiles(in: project.path)
    #expect(config.runtime.hasWorkers && config.serve?.loader == example.loader && config.code == example.code)
    #expect(fits(config.base ?? "", example.base), "\(config.base ?? "")")
    guard worker.language == .python else { return #expect(config.runtime.kind == .r) }
    let file = project.path.pushing(FilePath(config.runtime.requirements ?? ""))
    let lines = String(decoding: try FileBlob(file).bytes(), as: UTF8.self).split(separator: "\n")
      .map { $0.prefix { $0 != " " && $0 != "#" } }.filter { !$0.isEmpty }
    #expect(lines.count == example.requirements.count, "\(lines)")
    for (line, wanted) in zip(lines.sorted(), example.requirements.sorted()) { #expect(fits(String(line), wanted)) }
  }

  /// Whether a text equals another, whose `*` at the end stands for anything.
  private func fits(_ text: String, _ wanted: String) -> Bool {
    wanted.hasSuffix("*") ? text.hasPrefix(wanted.dropLast()) : text == wanted
  }

  @Test("a model that opz-server scores goes without Python, and init says so")
  func native() async throws {
    let project = try Project()
    try ModelDirectory.start("lightgbm").write(to: project.path)
    let result = try await StartProject(project.path, in: project.session).run()
    #expect(result.worker == nil && result.written.map(\.lastComponent?.string) == ["opz.yaml"])
    #expect(result.notes.first?.contains("no Python is needed") == true)
  }

  @Test("the node that decides is named")
  func decided() async throws {
    for (name, words) in [("onnx-text", "StringNormalizer"), ("skops", "KNeighborsClassifier")] {
      let project = try Project()
      try ModelDirectory.start(name).write(to: project.path)
      let notes = try await StartProject(project.path, in: project.session).run().notes
      #expect(notes.contains { $0.contains(words) && $0.contains("a Python worker runs it") }, "\(notes)")
    }
  }

  @Test("what no worker can load is refused with what to do, and nothing is written")
  func refused() async throws {
    let wrong: [(ModelDirectory, String)] = [
      (.start("main-class"), "move Doubler into a module"), (.headers("saved-model"), "model.keras"),
      (.headers("hugging-face"), "fetch the whole model"),
    ]
    for (model, hint) in wrong {
      let project = try Project()
      try model.write(to: project.path)
      let before = try Directory.entries(project.path)
      let error = await #expect(throws: FlowError.self) {
        _ = try await StartProject(project.path, in: project.session).run()
      }
      #expect(error?.hint?.contains(hint) == true, "\(model.member): \(error?.description ?? "")")
      #expect(try Directory.entries(project.path) == before)
    }
  }

  @Test(
    "an MLmodel without a function is refused before it becomes a project",
    arguments: ["", "flavors: {}\n", "flavors: {sklearn: {pickled_model: model.pkl}}\n"])
  func mlflowWithoutFunction(text: String) async throws {
    let project = try Project()
    try project.directory.write("p/MLmodel", text)
    let error = await #expect(throws: FlowError.self) {
      _ = try await StartProject(project.path, in: project.session).run()
    }
    #expect(error?.hint?.contains("mlflow.LIBRARY.save_model") == true)
  }

  @Test(
    "a pickle of plain values or arrays is no model",
    arguments: [
      // {"a": 1}; an OrderedDict; numpy.dtype("f8").
      [0x80, 2, 0x7d, 0x71, 0, 0x58, 1, 0, 0, 0, 0x61, 0x71, 1, 0x4b, 1, 0x73, 0x2e],
      [0x80, 2] + Array("ccollections\nOrderedDict\n)R.".utf8),
      [0x80, 2] + Array("cnumpy\ndtype\n".utf8) + [0x58, 2, 0, 0, 0, 0x66, 0x38, 0x85, 0x52, 0x2e],
    ] as [[UInt8]])
  func dataPickle(bytes: [UInt8]) async throws {
    let project = try Project()
    try Durable.makeDirectory(project.path)
    try Durable.replace(project.path.appending("model.pkl"), with: bytes)
    let error = await #expect(throws: ConfigError.self) {
      _ = try await StartProject(project.path, in: project.session).run()
    }
    #expect(error?.category == .notFound)
  }

  @Test("of a model of TensorFlow, MLmodel has the version of Keras alone, which is not TensorFlow's")
  func tensorFlow() async throws {
    let cases = [
      ("2.15.0", ["mlflow==2.14.1", "tensorflow-cpu==2.15.*"]),
      ("3.5.0", ["keras==3.5.0", "mlflow==2.14.1", "tensorflow-cpu"]),
    ]
    for (keras, wanted) in cases {
      let project = try Project()
      try project.directory.write(
        "p/MLmodel",
        """
        flavors:
          python_function: {loader_module: mlflow.tensorflow, python_version: 3.11.7}
          tensorflow: {keras_version: \(keras), data: data}
        mlflow_version: 2.14.1
        """)
      let worker = try #require(try await StartProject(project.path, in: project.session).run().worker)
      #expect(worker.requirements.map { $0.name + $0.version }.sorted() == wanted)
    }
  }

  @Test("files of the user's are kept")
  func kept() async throws {
    let project = try Project()
    try ModelDirectory.start("sklearn-pickle").write(to: project.path)
    try project.directory.write("p/requirements.txt", "scikit-learn==1.5.1\n")
    let result = try await StartProject(project.path, in: project.session).run()
    #expect(result.notes.contains { $0.contains("requirements.txt is yours") && $0.contains("scikit-learn==1.5.2") })
    let bytes = try FileBlob(project.path.appending("requirements.txt")).bytes()
    #expect(String(decoding: bytes, as: UTF8.self) == "scikit-learn==1.5.1\n")
    let again = await #expect(throws: ConfigError.self) {
      _ = try await StartProject(project.path, in: project.session).run()
    }
    #expect(again?.category == .conflict)
  }

  @Test(
    "a project that is a package itself has no requirements.txt, which would leave it out: opz lock takes its own file",
    arguments: ["uv.lock", "pyproject.toml"])
  func package(file: String) async throws {
    let project = try Project()
    try ModelDirectory.start("sklearn-pickle").write(to: project.path)
    try project.directory.write(
      "p/pyproject.toml",
      "[project]\nname = 'mine'\nversion = '0.3'\n[build-system]\nrequires = ['uv_build']\nbuild-backend = 'uv_build'\n"
    )
    try project.directory.write("p/src/mine/__init__.py", "")
    if file == "uv.lock" { try project.directory.write("p/uv.lock", "version = 1\n") }
    let result = try await StartProject(project.path, in: project.session).run()
    #expect(!result.written.contains { $0.lastComponent == "requirements.txt" })
    #expect(
      result.notes.contains { $0.contains("those of \(file)") && $0.contains("scikit-learn==1.5.2") }, "\(result.notes)"
    )
    let config = try ConfigReader.read(project.path.appending("opz.yaml"))
    #expect(config.runtime.requirements == nil && config.runtime.kind == .python)
    // The commented line is valid when it is not a comment.
    let path = project.path.appending("opz.yaml")
    let text = String(decoding: try FileBlob(path).bytes(), as: UTF8.self)
    #expect(text.contains("# if left out, \(file); "))
    try Durable.replace(path, with: Array(text.replacing("# requirements:", with: "requirements:").utf8))
    #expect(try ConfigReader.read(path).runtime.requirements == "requirements.txt")
  }

  @Test("requirements.txt of a package of src layout is the user's own choice, and named")
  func packageWithRequirements() async throws {
    let project = try Project()
    try ModelDirectory.start("sklearn-pickle").write(to: project.path)
    try project.directory.write("p/pyproject.toml", "[project]\nname = 'mine'\n[build-system]\nrequires = []\n")
    try project.directory.write("p/src/mine/__init__.py", "")
    try project.directory.write("p/requirements.txt", ".\nscikit-learn==1.5.1\n")
    let result = try await StartProject(project.path, in: project.session).run()
    #expect(result.notes.contains { $0.contains("requirements.txt is yours") })
    #expect(
      try ConfigReader.read(project.path.appending("opz.yaml")).runtime.requirements == "requirements.txt")
  }

  @Test("a version that a model says cannot add lines to requirements.txt")
  func hostileVersions() {
    for text in [
      "1.0\nevil", "1.0 ; x", "-r /etc/passwd", "", "1", "1.0 @ https://x", "==1.0", "1.0#x",
      String(repeating: "1.", count: 50),
    ] {
      #expect(PythonRequirement.exactly(text) == nil, "\(text)")
    }
    #expect(
      PythonRequirement.exactly("2.1.0+cu121") == "==2.1.0" && PythonRequirement.exactly("1.6.0rc1") == "==1.6.0rc1")
  }

  @Test("PyTorch is locked for processors, by a setting of uv's that init writes")
  func torch() async throws {
    let project = try Project()
    try ModelDirectory.corpus("benign_torchscript", "0000/model.pt").write(to: project.path)
    let result = try await StartProject(project.path, in: project.session).run()
    #expect(result.written.contains { $0.lastComponent == "uv.toml" })
    // uv itself knows the setting: an unknown one is an error.
    let uv = Python.interpreter().removingLastComponent().appending("uv")
    let empty = project.path.appending("empty.txt")
    try Durable.replace(empty, with: [])
    let run = try ChildProcess.run(
      [uv.string, "pip", "compile", "--offline", "--quiet", empty.string], directory: project.path)
    #expect(run.status == 0, "\(run.errorText)")
  }
}
