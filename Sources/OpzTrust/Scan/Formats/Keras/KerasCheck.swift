import OpzJSON

/// What Keras creates when it loads a configuration: `{"class_name": .., "config": ..}` at any depth, of Keras 3 (with
/// `module` and `registered_name`) and of Keras 2. What is not one of Keras' own classes is somebody's code.
///
/// Source: `keras/src/saving/serialization_lib.py` and `keras/src/legacy/saving`, and CVE-2024-3660, CVE-2025-1550,
/// CVE-2025-8747, CVE-2025-9905, CVE-2025-9906, CVE-2025-12058.
enum KerasCheck: DocumentCheck {
  static func check(_ object: [String: JSONValue], _ findings: inout DocumentFindings) {
    guard let written = object["class_name"] else { return }
    switch object["config"] {
    case nil: guard object["module"] != nil else { return }
    case .object, .array, .string, .null: break
    // The object is about classes of another kind.
    default: return
    }
    guard let name = written.string else {
      if object["registered_name"] != nil || object["module"] != nil {
        findings.add(.kerasCode, .error, text: "a class_name that is not a string")
      }
      return
    }
    let module = object["module"]?.string
    if let other = object["module"], other != .null, module == nil {
      findings.add(.kerasCode, .error, text: "the module of \(DocumentFindings.shown(name)) is not a string")
    }
    // Keras looks for a registered name before it looks for module and class.
    let registered = object["registered_name"]?.string
    if name == "function" { return function(object, module, findings: &findings) }
    if name.hasPrefix("__"), special(name, object, module: module, findings: &findings) { return }
    guard isKerasName(name), registered.map(isKerasName) ?? true, module.map(isKerasModule) ?? true else {
      return unknown(name, module, registered: registered, findings: &findings)
    }
    reads(name, object["config"], findings: &findings)
  }

  private static func unknown(
    _ name: String, _ module: String?, registered: String?, findings: inout DocumentFindings
  ) {
    let parts = (registered ?? name).split(separator: ">", maxSplits: 1).map(String.init)
    if let module, findings.isAllowedByUser(module, name) { return }
    if parts.count == 2, module == nil || module == parts[0], findings.isAllowedByUser(parts[0], parts[1]) { return }
    let shown = DocumentFindings.shown(module.map { "\($0).\(name)" } ?? name)
    let also = registered.map { $0 == name ? "" : ", registered as \(DocumentFindings.shown($0))" } ?? ""
    let isLambda = name == "Lambda" || name == "__lambda__"
    findings.add(
      .kerasCode, .error,
      text: isLambda
        ? "\(shown) is code that runs when the model is loaded"
        : "it creates \(shown)\(also), which is not one of Keras' own classes")
  }

  /// Whether a name is a class, plain or registered: Keras 2 writes its own optimizers as `Custom>Adam`.
  private static func isKerasName(_ name: String) -> Bool {
    let parts = name.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 1 { return KerasNames.classes.contains(parts[0]) }
    return ["keras", "tf_keras", "Keras", "Custom"].contains(parts[0]) && KerasNames.classes.contains(parts[1])
  }

  /// Keras modules with classes that are parts of models. `keras.utils` has one such class, besides functions that
  /// write files.
  private static func isKerasModule(_ module: String) -> Bool {
    var parts = module.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isNameByte) }) else { return false }
    if parts.starts(with: ["tensorflow", "python"]) || parts.starts(with: ["tensorflow", "_api"]) {
      parts.removeFirst(2)
    }
    if parts.first == "tensorflow" { parts.removeFirst() }
    if parts.first == "v2" || parts.first == "v1" { parts.removeFirst() }
    guard ["keras", "tf_keras", "keras_core"].contains(parts.first) else { return false }
    parts.removeFirst()
    while let first = parts.first, ["src", "api", "_tf_keras", "_v2", "v2", "keras", "legacy"].contains(first) {
      parts.removeFirst()
    }
    guard let part = parts.first else { return true }
    return modules.contains(part)
  }

  private static let modules: Set<Substring> = [
    "layers", "models", "engine", "initializers", "regularizers", "constraints", "losses", "metrics", "optimizers",
    "activations", "ops", "random", "quantizers", "dtype_policies", "mixed_precision", "trainers", "backend",
    "utils", "input_spec", "Sequential", "Functional", "premade_models", "feature_column",
    "applications",
  ]

  private static func isNameByte(_ byte: UInt8) -> Bool {
    byte == 95 || (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }

  // MARK: Functions and values

  /// `{"class_name": "function", "module": "builtins", "config": "relu"}`: looked up by name among Keras' own
  /// functions, else imported from the module.
  private static func function(
    _ object: [String: JSONValue], _ module: String?, findings: inout DocumentFindings
  ) {
    let named = object["config"]?.string ?? object["registered_name"]?.string ?? ""
    let isOwn = module == nil || module == "builtins" || module.map(isKerasModule) == true
    let registered = object["registered_name"]?.string
    let isKnown =
      KerasNames.functions.contains(Substring(named))
      && (registered == nil || registered == "function"
        || registered.map { KerasNames.functions.contains(Substring($0)) } == true)
    if isOwn, isKnown { return }
    if let module, findings.isAllowedByUser(module, named) { return }
    let shown = DocumentFindings.shown("\(module ?? "").\(named)")
    findings.add(.kerasCode, .error, text: "it calls the function \(shown), which is not one of Keras' own")
  }

  /// Checks a value that is not a class. False if the name stands for no such value.
  private static func special(
    _ name: String, _ object: [String: JSONValue], module: String?, findings: inout DocumentFindings
  ) -> Bool {
    switch name {
    case "__tuple__", "__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__slice__", "__ellipsis__":
      return true
    case "__typespec__":
      let type = object["spec_name"]?.string ?? ""
      let isOwn = ["TensorSpec", "RaggedTensorSpec", "SparseTensorSpec"].contains(type)
      if isOwn, module?.hasPrefix("tensorflow.python.") ?? true { return true }
      findings.add(
        .kerasCode, .error,
        text: "it creates \(DocumentFindings.shown("\(module ?? "").\(type)")), which is not one of Keras' own classes")
      return true
    default: return false
    }
  }

  // MARK: Files

  /// Checks layers whose vocabulary may be the path of a file, which is read when the model is loaded (CVE-2025-12058).
  private static func reads(_ name: String, _ config: JSONValue?, findings: inout DocumentFindings) {
    let lookups = ["StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization"]
    guard lookups.contains(name), let config else { return }
    for key in ["vocabulary", "idf_weights", "split", "standardize"] {
      guard let text = config[key]?.string else { continue }
      let isChoice = key == "split" || key == "standardize"
      if isChoice, text.allSatisfy({ $0.isLetter || $0 == "_" }) { continue }
      findings.add(
        .kerasCode, .error,
        text: "\(name) reads the file \(DocumentFindings.shown(text)) when the model is loaded")
    }
  }
}
