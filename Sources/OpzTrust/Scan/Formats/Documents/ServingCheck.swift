import OpzIO
import OpzJSON

/// Documents that tell a program which code of the model's own to run: MLmodel, TorchServe's manifest, ONNX Runtime's
/// settings, notebooks, pickles of stable-baselines3; and graphs in JSON whose operators read, write or call something.
enum ServingCheck: DocumentCheck {
  static func check(_ object: [String: JSONValue], _ findings: inout DocumentFindings) {
    flavor(object, &findings)
    if let library = object["custom_ops_library"]?.string, !library.isEmpty {
      findings.add(.operatorCode, .error, text: "it loads the library \(DocumentFindings.shown(library))")
    }
    if let handler = object["handler"]?.string, object["modelName"] != nil || object["serializedFile"] != nil {
      if EscapingPath.isOutside(handler) {
        findings.add(
          .outsidePath, .error,
          text: "its handler is \(DocumentFindings.shown(handler)), which is outside of the archive")
      } else if !handlers.contains(handler) {
        findings.add(
          .modelCode, .warning, text: "its handler is the model's own code: \(DocumentFindings.shown(handler))")
      }
    }
    // stable-baselines3 stores pickles this way.
    if let pickled = object[":serialized:"]?.string, let bytes = Base64.decode(pickled) {
      findings.embed(":serialized:", bytes)
    }
    if object["nbformat"] != nil, object["cells"] != nil || object["worksheets"] != nil {
      findings.add(.modelCode, .note, text: "a notebook: code, which was not scanned")
    }
    if let name = object["op"]?.string, object["name"] != nil {
      if name == "Custom" {
        findings.add(
          .operatorCode, .error, text: "the graph has a Custom operator, which runs the model's own Python code")
      } else if TensorFlowOperators.dangerous.contains(Substring(name)) {
        findings.add(
          .operatorCode, .error,
          text: "the graph has the operator \(name), which \(TensorFlowOperators.effect(of: name))")
      }
    }
  }

  private static let handlers = [
    "image_classifier", "image_segmenter", "object_detector", "text_classifier", "text_handler", "vision_handler",
    "base_handler",
  ]

  // MARK: MLmodel

  /// The `python_function` flavor of MLflow's MLmodel names the module that loads the model.
  private static func flavor(_ object: [String: JSONValue], _ findings: inout DocumentFindings) {
    if let loader = object["loader_module"] {
      let name = loader.string ?? ""
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      let isOwn = parts.first == "mlflow" && parts.count > 1 && own.contains(parts[1])
      if !isOwn, !findings.isAllowedByUser(name), !findings.isAllowedByUser(name, "_load_pyfunc") {
        findings.add(
          .namedCode, .error,
          text:
            "loader_module is \(DocumentFindings.shown(name)), which is imported and called, and is not part of MLflow")
      }
    }
    let isFlavor =
      object["loader_module"] != nil || object["python_version"] != nil || object["cloudpickle_version"] != nil
      || object["flavors"] != nil || object["code"] != nil && object["data"] != nil
    for key in ["code", "code_path", "model_code_path"] where isFlavor || key == "model_code_path" {
      guard let path = object[key]?.string, !path.isEmpty else { continue }
      let shown = DocumentFindings.shown(path)
      if EscapingPath.isOutside(path) {
        findings.add(.outsidePath, .error, text: "\(key) is \(shown), which is outside of the model's directory")
      } else {
        findings.add(.modelCode, .warning, text: "it runs code of its own when it is loaded: \(key) is \(shown)")
      }
    }
    for key in ["python_model", "artifacts", "data", "model_path", "pickled_model"] where isFlavor {
      var texts = [object[key]?.string].compactMap(\.self)
      if let members = object[key]?.object { texts += members.values.compactMap { $0["path"]?.string } }
      for path in texts where EscapingPath.isOutside(path) {
        findings.add(
          .outsidePath, .error,
          text: "\(key) is \(DocumentFindings.shown(path)), which is outside of the model's directory")
      }
    }
  }

  private static let own: Set<Substring> = [
    "sklearn", "xgboost", "lightgbm", "catboost", "keras", "tensorflow", "pytorch", "onnx", "pyfunc", "spark",
    "statsmodels",
    "prophet", "pmdarima", "spacy", "h2o", "transformers", "sentence_transformers", "langchain", "openai", "paddle",
    "fastai", "gluon", "mleap", "diviner", "dspy", "llama_index", "pyspark", "johnsnowlabs", "promptflow", "rfunc",
    "shap",
  ]
}
