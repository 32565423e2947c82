import OpzJSON

/// What skops creates when it loads `schema.json`: each node names a module, a class and a loader.
///
/// Source: skops 0.16, `skops/io`, and CVE-2025-54412, CVE-2025-54413, CVE-2025-54886.
enum SkopsCheck: DocumentCheck {
  static func check(_ object: [String: JSONValue], _ findings: inout DocumentFindings) {
    guard object["__class__"] != nil || object["__module__"] != nil, object.keys.contains("__loader__") || isOld(object)
    else { return }
    guard let name = object["__class__"]?.string, let module = object["__module__"]?.string else {
      return findings.add(.namedCode, .error, text: "a skops node has no class or no module")
    }
    named(module, name, findings: &findings)
    guard let loader = object["__loader__"]?.string else {
      return findings.add(.namedCode, .error, text: "a skops node has no loader")
    }
    guard loaders.contains(loader) else {
      return findings.add(
        .namedCode, .error,
        text: "a skops node has the loader \(DocumentFindings.shown(loader)), which opz does not know"
      )
    }
    content(loader, object["content"], findings: &findings)
    if let file = object["file"]?.string, EscapingPath.isOutside(file) {
      findings.add(.outsidePath, .error, text: "it reads \(DocumentFindings.shown(file)), which is not in the archive")
    }
  }

  /// In the first protocol, nodes have no loader.
  private static func isOld(_ object: [String: JSONValue]) -> Bool {
    object["__class__"] != nil && object["__module__"] != nil
  }

  private static func named(_ module: String, _ name: String, findings: inout DocumentFindings) {
    // Beyond the allowlist, skops names a few types and functions that are harmless by themselves.
    if findings.allows(module, name) || isUniversal(module, name) { return }
    findings.add(
      .namedCode, .error,
      text: "it creates \(DocumentFindings.shown("\(module).\(name)")), which is not on the allowlist")
  }

  /// Checks the names in a node's content, which older protocols have instead of the node's own.
  private static func content(_ loader: String, _ content: JSONValue?, findings: inout DocumentFindings) {
    guard let content else { return }
    if let module = content["module_path"]?.string {
      named(module, content["function"]?.string ?? "", findings: &findings)
    }
    guard loader == "MethodNode" else { return }
    let method = content["func"]?.string ?? ""
    guard !method.hasPrefix("_"), !method.isEmpty, method.utf8.allSatisfy({ $0 != UInt8(ascii: ".") }) else {
      return findings.add(
        .namedCode, .error,
        text: "it uses the method \(DocumentFindings.shown(method)) of an object, which may run anything"
      )
    }
  }

  private static func isUniversal(_ module: String, _ name: String) -> Bool {
    switch module {
    case "builtins": return ["NoneType", "bool", "type"].contains(name)
    case "functools": return name == "partial"
    case "numpy": return ufuncs.contains(name) || name == "dtype"
    case "scipy.special._ufuncs", "scipy.special": return ["expit", "logit", "xlogy", "erf", "gammaln"].contains(name)
    case _ where module.hasPrefix("numpy.random."): return generators.contains(name)
    case "sklearn.utils._bunch": return name == "Bunch"
    default: return false
    }
  }

  private static let generators: Set<String> = [
    "Generator", "RandomState", "MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64", "SeedSequence",
  ]

  private static let ufuncs: Set<String> = [
    "add", "subtract", "multiply", "divide", "true_divide", "power", "negative", "positive", "reciprocal", "cbrt",
    "maximum", "minimum", "mean", "median", "nanmean", "nanmedian", "identity", "isnan", "isfinite", "rint", "trunc",
    "degrees", "radians", "hypot", "arctan2", "logical_not", "logical_and", "logical_or", "array", "asarray",
  ]

  private static let loaders: Set<String> = [
    "CachedNode", "DictNode", "DefaultDictNode", "ListNode", "SetNode", "TupleNode", "BytesNode", "BytearrayNode",
    "SliceNode", "FunctionNode", "MethodNode", "PartialNode", "TypeNode", "ConstructorFromReduceNode", "ObjectNode",
    "JsonNode", "NdArrayNode", "MaskedArrayNode", "DTypeNode", "RandomStateNode", "RandomGeneratorNode",
    "SparseMatrixNode", "LossNode", "TreeNode", "QuantileForestNode", "_DictWithDeprecatedKeysNode", "SGDNode",
  ]
}
