import OpzArchive
import OpzDebian
import OpzFormats
import OpzIO
import OpzModel
import OpzPackage
import OpzProject
import OpzTrust
import SystemPackage

/// What `opz init` makes of one model file that opz-server does not score: how a worker loads it, and which packages
/// that takes. Nothing of the file is run.
struct FileSurvey {
  let directory: FilePath
  /// The file's name in the directory, and in opz.yaml.
  let name: String
  /// The names in the directory.
  let names: Set<String>
  let session: Session

  private var path: FilePath { directory.appending(name) }
  private static let advice = "saved with skops.io.dump it needs no Python, if opz inspect shows its inputs"

  /// The model of a worker; nil for a file that is no model.
  /// - Throws: `ModelError` for a file that is a damaged model, `FlowError` for one that no worker can load.
  func model() throws -> WorkerModel? {
    if let survey = try PickleSurvey.read(FileBlob(path), name: name) { return try pickle(survey) }
    if let format = try session.formats.readableFormat(of: path) {
      do { _ = try session.formats.load(path) } catch let error as ModelError {
        guard error.code != .unknownFormat else { return try described() }
        guard error.code != .damaged else { throw error }
        return try unscored(format, error)
      }
      return nil
    }
    return try described()
  }

  // MARK: Formats that opz-server scores, with something that it does not

  private func unscored(_ format: ModelFormat, _ error: ModelError) throws -> WorkerModel? {
    let family = format.name.hasPrefix("xgboost") ? "xgboost" : format.name
    guard let loader = ServeSection.Loader(rawValue: family) else { return nil }
    var model = WorkerModel(.python, path: name, title: format.displayName, loader: loader)
    model.notes.append("opz-server does not score it: \(error.subject): \(error.reason); so a Python worker runs it")
    switch loader {
    case .onnx:
      model.requirements = [
        guess("onnxruntime", "the file names operators, not a release"), guess("numpy", "onnxruntime takes its arrays"),
      ]
    case .lightgbm: try lightGBM(&model)
    case .skops: try skops(&model)
    default:
      model.requirements = [
        guess("xgboost-cpu", "XGBoost reads its older releases' files"), guess("scikit-learn", "xgboost's own classes"),
        guess("pandas", "columns by name"),
      ]
    }
    return finished(model)
  }

  /// LightGBM's files have the version of their own format only.
  private func lightGBM(_ model: inout WorkerModel) throws {
    let head = String(decoding: try bytes(limit: 4096), as: UTF8.self)
    let line = head.split(whereSeparator: \.isNewline).first { $0.hasPrefix("version=") }.map { $0.dropFirst(8) }
    let version = line == "v4" ? ">=4,<5" : line == "v3" ? ">=3,<4" : ""
    model.requirements = [
      PythonRequirement(
        "lightgbm", version, because: "version=\(line ?? "?") in \(name), which these releases write", isGuess: true),
      guess("pandas", "columns by name"),
    ]
    needOpenMP(&model)
  }

  /// LightGBM's wheels take libgomp from the base, and the slim images have none.
  private func needOpenMP(_ model: inout WorkerModel) {
    let python = model.python ?? PythonChoice.version(for: model.requirements) ?? RuntimeSection.usualPython
    model.base = "docker.io/library/python:\(python)"
    model.notes.append("the base is not the slim one, which lacks libgomp.so.1, and LightGBM needs it")
  }

  private func skops(_ model: inout WorkerModel) throws {
    let schema = try skopsSchema()
    let exact = schema?.scikitLearn.flatMap(PythonRequirement.exactly)
    model.requirements = [
      PythonRequirement(
        "scikit-learn", exact ?? "", because: exact == nil ? "the file has no version" : "_sklearn_version in \(name)",
        isGuess: exact == nil), guess("skops", "it reads its older releases' files"),
      guess("pandas", "columns by name"),
    ]
    let modules = (schema?.modules ?? []).filter { !PythonStandardLibrary.contains($0) }
    add(modules, "is in \(name)", to: &model)
  }

  /// Nil for a description that is too large to look for names in.
  private func skopsSchema() throws -> SkopsSchema? {
    let archive = try ZipArchive(FileBlob(path), name: name)
    guard let entry = archive[Array("schema.json".utf8)], entry.size <= SkopsSchema.limit else { return nil }
    return try SkopsSchema(archive.content(entry).bytes(), name: name)
  }

  // MARK: Pickles

  /// Nil for a pickle of plain values and arrays: without a class of some library, nothing in it can predict.
  private func pickle(_ survey: PickleSurvey) throws -> WorkerModel? {
    guard !survey.ofMain.isEmpty || !FileSurvey.ofData.isSuperset(of: survey.packages) else { return nil }
    guard survey.ofMain.isEmpty else {
      let shown = survey.ofMain.prefix(3).joined(separator: ", ")
      throw FlowError(
        .failed, name,
        reason: "it needs \(shown) of the program that saved it (__main__), which no other program can import",
        hint: "move \(shown) into a module such as features.py, and save the model from a program that imports it")
    }
    let isJoblib = survey.hasJoblibArrays || survey.compression != nil || name.hasSuffix(".joblib")
    let isScikitLearn = survey.uses("sklearn") || survey.uses("lightgbm") || survey.uses("xgboost")
    let isStatsmodels = survey.uses("statsmodels") && !survey.uses("sklearn")
    let what =
      isStatsmodels ? "statsmodels" : survey.uses("sklearn") ? "scikit-learn" : survey.packages.first ?? "Python"
    var model = WorkerModel(
      .python, path: name, title: "\(what) (\(isJoblib ? "joblib" : "pickle"))",
      loader: isStatsmodels ? .statsmodels : isJoblib ? .scikitLearnJoblib : .scikitLearnPickle)
    if let problem = survey.problem { model.notes.append("\(name) could not be followed to its end: \(problem)") }
    if let version = survey.scikitLearn, let exact = PythonRequirement.exactly(version) {
      model.requirements.append(PythonRequirement("scikit-learn", exact, because: "_sklearn_version in \(name)"))
      if survey.uses("sklearn"), !survey.packages.contains(where: { !isScikitLearns($0) }) {
        model.notes.append("\(name) runs code when it is loaded: opz scan shows which; \(FileSurvey.advice)")
      }
    }
    // NumPy 2 renamed numpy.core, and each reads only pickles of its own and of older releases.
    if survey.uses("numpy._core") {
      model.requirements.append(
        PythonRequirement("numpy", ">=2", because: "\(name) names numpy._core", isGuess: true))
    } else if survey.uses("numpy.core") {
      model.requirements.append(PythonRequirement("numpy", "<2", because: "\(name) names numpy.core", isGuess: true))
    }
    add(survey.packages, "\(name) imports it", to: &model)
    if survey.hasFeatureNames || survey.uses("sklearn.compose"),
      !model.requirements.contains(where: { $0.name == "pandas" })
    {
      model.requirements.append(guess("pandas", "it was fitted on columns with names"))
    }
    if isJoblib, !isScikitLearn, !isStatsmodels { model.requirements.append(guess("joblib", "it saved \(name)")) }
    if survey.uses("lightgbm") { needOpenMP(&model) }
    if model.requirements.contains(where: { $0.name == "torch" }) { model.usesTorch = true }
    return finished(model)
  }

  /// Packages whose objects are data.
  private static let ofData: Set<String> = ["numpy", "pandas", "joblib", "pyarrow"]

  private func isScikitLearns(_ package: String) -> Bool {
    ["sklearn", "numpy", "scipy", "joblib"].contains(package)
  }

  /// Adds the distributions of top-level modules: a module of the project itself goes to the code instead.
  private func add(_ modules: [String], _ reason: String, to model: inout WorkerModel) {
    let hasScikitLearn = modules.contains("sklearn")
    for module in modules {
      if names.contains("\(module).py") {
        model.code.append("\(module).py")
        continue
      }
      if names.contains(module) {
        model.code.append(module)
        continue
      }
      if hasScikitLearn, PythonDistributions.withScikitLearn.contains(module) { continue }
      let (name, isKnown) = PythonDistributions.distribution(of: module)
      guard !model.requirements.contains(where: { $0.name == name }) else { continue }
      let doubt = isKnown ? "" : ", and the package may have another name than its module \(module)"
      model.requirements.append(
        PythonRequirement(name, because: "\(reason), without a version\(doubt)", isGuess: true))
    }
  }

  // MARK: Others, from their headers

  private func described() throws -> WorkerModel? {
    guard case .description(let found) = try session.inspect(path) else { return nil }
    func row(_ name: String) -> String? { found.rows.first { $0.name == name }?.value }
    func model(_ loader: ServeSection.Loader, _ requirements: [PythonRequirement]) -> WorkerModel {
      var model = WorkerModel(.python, path: name, title: found.kind, loader: loader)
      model.requirements = requirements
      return finished(model)
    }
    switch found.kind {
    case "CatBoost", "CatBoost JSON":
      let exact = row("CatBoost").flatMap(FileSurvey.firstVersion).flatMap(PythonRequirement.exactly)
      return model(
        .catboost,
        [
          PythonRequirement(
            "catboost", exact ?? "", because: exact == nil ? "the file has no version" : "its version in \(name)",
            isGuess: exact == nil)
        ])
    case "TorchScript", "PyTorch exported program (pt2)":
      var torch = model(
        found.kind == "TorchScript" ? .torchscript : .torchExport,
        [guess("torch", "the file has no version of PyTorch"), guess("numpy", "rows come as its arrays")])
      torch.usesTorch = true
      return torch
    case "Keras", "Keras HDF5":
      return model(.keras, KerasRequirements.make(row("Keras"), place: "its version in \(name)"))
    case "R object": return try rObject()
    case "R workspace":
      throw FlowError(
        .failed, name, reason: "a workspace that save() wrote may have any number of objects",
        hint: "in R: saveRDS(model, \"model.rds\")")
    case "PyTorch checkpoint":
      throw FlowError(
        .failed, name,
        reason: "it has weights without the class that uses them, or a class that only its own program has",
        hint: "save a TorchScript: torch.jit.script(model).save(\"model.pt\"); or write predict.py with predict(frame)")
    default: return nil
    }
  }

  private func rObject() throws -> WorkerModel {
    guard let survey = try RSurvey.read(FileBlob(path), name: name) else {
      throw FlowError(
        .failed, name, reason: "it cannot be read to its end", hint: "save it again with saveRDS(model, \"\(name)\")")
    }
    var model = WorkerModel(
      .r, path: name, title: "R object of the class \(survey.classes.first ?? "?")", loader: .rds)
    model.notes.append("\(name) was written by R \(survey.version): the base's R has to be as new, or newer")
    let needed = RPackages.needed(survey)
    model.packages = needed.filter(PackageName.isR)
    if !needed.isEmpty {
      model.notes.append(
        "its class needs the R package\(needed.count == 1 ? "" : "s") \(needed.joined(separator: ", "))")
    }
    for name in needed where RPackages.unproven.contains(name) {
      model.notes.append("models of \(name) were never tried with opz, and Debian may not have the package")
    }
    if names.contains(RProject.renvFile) {
      model.notes.append("the packages of \(RProject.renvFile) are taken too, in Debian's versions")
    }
    if survey.classes.isEmpty {
      model.notes.append(
        survey.isFunction
          ? "\(name) is a function, which is called with the frame"
          : "\(name) has no class, so predict() may not know it")
    }
    return model
  }

  // MARK: Parts

  private func guess(_ name: String, _ reason: String) -> PythonRequirement {
    PythonRequirement(name, because: reason, isGuess: true)
  }

  private func finished(_ model: WorkerModel) -> WorkerModel {
    var model = model
    model.python = model.python ?? PythonChoice.version(for: model.requirements)
    return model
  }

  private func bytes(limit: Int) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: limit)
    let file = try OpenFile.reading(path)
    let count = try buffer.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
    return Array(buffer[..<count])
  }

  /// `1.2.7` of `CatBoost 1.2.7 built on ..`.
  private static func firstVersion(_ text: String) -> String? {
    text.split { !($0.isNumber || $0 == ".") }.map(String.init).first { $0.split(separator: ".").count >= 2 }
  }
}

/// The R packages that a model's class belongs to.
enum RPackages {
  /// Those that come with every R.
  static let base: Set<String> = [
    "base", "stats", "utils", "methods", "graphics", "grDevices", "datasets", "tools", "parallel", "compiler", "grid",
    "splines", "stats4", "tcltk",
  ]
  private static let classes: [String: String] = [
    "rpart": "rpart", "randomForest": "randomForest", "ranger": "ranger", "glmnet": "glmnet", "cv.glmnet": "glmnet",
    "gbm": "gbm", "train": "caret", "svm": "e1071", "naiveBayes": "e1071", "lda": "MASS", "qda": "MASS", "polr": "MASS",
    "nnet": "nnet", "multinom": "nnet", "gam": "mgcv", "workflow": "workflows", "model_fit": "parsnip",
    "xgb.Booster": "xgboost", "lgb.Booster": "lightgbm", "coxph": "survival", "survreg": "survival", "lme": "nlme",
    "lmerMod": "lme4", "glmerMod": "lme4", "C5.0": "C50", "cubist": "Cubist", "earth": "earth", "ksvm": "kernlab",
    "prophet": "prophet", "forecast": "forecast", "Arima": "forecast",
  ]

  /// Those whose models are served by their class's name alone; Debian 12 has neither.
  static let unproven: Set<String> = ["workflows", "xgboost"]

  static func needed(_ survey: RSurvey) -> [String] {
    let byClass = survey.classes.compactMap { classes[$0] }
    return Set(byClass + survey.namespaces).subtracting(base).sorted()
  }
}
