import OpzJSON

/// Configurations that name something to import and call: `_target_` of Hydra and NeMo (CVE-2025-23304), `class_path`
/// of Lightning, `py/object` of jsonpickle, `id` of LangChain, `class` of Spark.
enum InstantiationCheck: DocumentCheck {
  static func check(_ object: [String: JSONValue], _ findings: inout DocumentFindings) {
    if let target = object["_target_"] { made(target, of: "_target_", &findings) }
    if object["init_args"] != nil || object["dict_kwargs"] != nil, let path = object["class_path"] {
      made(path, of: "class_path", &findings)
    }
    pickled(object, &findings)
    if object["lc"] != nil, object["type"]?.string == "constructor", let id = object["id"]?.textList {
      guard id.first?.hasPrefix("langchain") != true, !findings.isAllowedByUser(id.joined(separator: ".")) else {
        return
      }
      findings.add(
        .namedCode, .error,
        text: "it creates \(DocumentFindings.shown(id.joined(separator: "."))), which is not part of LangChain")
    }
    if let name = object["@class"]?.string, name.contains(".") {
      // Jackson creates the class that is named like this; Deeplearning4j's configurations use it.
      guard !["org.deeplearning4j.", "org.nd4j."].contains(where: { name.hasPrefix($0) }),
        !findings.isAllowedByUser(name)
      else { return }
      findings.add(
        .namedCode, .error, text: "it creates \(DocumentFindings.shown(name)), which is not part of Deeplearning4j")
    }
    if object["uid"] != nil, object["paramMap"] != nil, let name = object["class"]?.string {
      guard !["org.apache.spark.", "pyspark."].contains(where: { name.hasPrefix($0) }), !findings.isAllowedByUser(name)
      else { return }
      findings.add(.namedCode, .error, text: "it creates \(DocumentFindings.shown(name)), which is not part of Spark")
    }
  }

  private static func made(_ value: JSONValue, of key: String, _ findings: inout DocumentFindings) {
    guard let name = value.string else {
      if value != .null { findings.add(.namedCode, .error, text: "\(key) is not a string") }
      return
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    let isPlain =
      parts.count > 1
      && parts.allSatisfy { part in
        !part.isEmpty && part.utf8.allSatisfy { $0 == 95 || (48...57).contains($0) || (65...90).contains($0 & 0xDF) }
      }
    // Only classes, and none in private modules.
    let isClass = parts.last?.first?.isUppercase == true && !parts.dropLast().contains { $0.hasPrefix("_") }
    if isPlain, isClass, let top = parts.first, libraries.contains(top) { return }
    if findings.isAllowedByUser(name) { return }
    findings.add(
      .namedCode, .error,
      text:
        "\(key) names \(DocumentFindings.shown(name)), which is imported and called, and is not from a known model library"
    )
  }

  private static let libraries: Set<Substring> = [
    "torch", "torchvision", "torchaudio", "torchmetrics", "lightning", "pytorch_lightning", "nemo", "transformers",
    "diffusers", "timm", "peft", "sklearn", "keras", "monai", "detectron2", "segmentation_models_pytorch",
    "ultralytics",
  ]

  /// Checks jsonpickle's keys, except those that hold data.
  private static func pickled(_ object: [String: JSONValue], _ findings: inout DocumentFindings) {
    for (key, value) in object where key.hasPrefix("py/") {
      switch key {
      case "py/tuple", "py/set", "py/id", "py/b64", "py/b85", "py/state", "py/seq", "py/iterator", "py/newargs",
        "py/newargsex", "py/initargs", "py/bytes":
        continue
      default:
        if let name = value.string {
          let dot = name.lastIndex(of: ".")
          let module = dot.map { String(name[..<$0]) } ?? "builtins"
          let last = dot.map { String(name[name.index(after: $0)...]) } ?? name
          if key != "py/repr", key != "py/reduce", findings.allows(module, last) { continue }
        }
        findings.add(
          .namedCode, .error,
          text: "jsonpickle creates what it names: \(key) \(DocumentFindings.shown(value.string ?? ""))")
      }
    }
  }
}
