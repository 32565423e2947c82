import OpzIO
import OpzJSON
import OpzModel
import SystemPackage

/// The directory of a model of Hugging Face's libraries: `config.json`, a tokenizer, weights in one or more files.
enum HuggingFaceHeader {
  static func describe(_ path: FilePath, _ names: [String], budget: HeaderBudget) throws -> ModelDescription? {
    let weights = names.filter { name in
      [".safetensors", ".gguf", ".pt", ".pth"].contains(where: name.hasSuffix)
        || name.hasPrefix("pytorch_model") && name.hasSuffix(".bin") || name.hasSuffix(".h5") || name.hasSuffix(".onnx")
    }
    let tokenizer = names.filter { $0.hasPrefix("tokenizer") || $0 == "vocab.txt" || $0 == "vocab.json" }
    let hasIndex = names.contains { $0.hasSuffix(".index.json") }
    guard names.contains("config.json") || !tokenizer.isEmpty || hasIndex,
      !weights.isEmpty || !tokenizer.isEmpty || hasIndex
    else { return nil }
    var rows = try config(path, names, budget: budget)
    if !tokenizer.isEmpty { rows.append(ModelDescription.Row("tokenizer", tokenizer.joined(separator: ", "))) }
    rows.append(ModelDescription.Row("files of weights", "\(weights.count)"))
    var bytes: UInt64 = 0
    var tensors: [ModelDescription.Tensor] = []
    for name in weights {
      let file = try HeaderFile(path.appending(name), budget)
      bytes &+= file.size
      if name.hasSuffix(".safetensors") { tensors += try SafetensorsHeader.read(file).tensors }
    }
    let missing = try shards(path, names, budget: budget).subtracting(names).sorted()
    if !missing.isEmpty {
      rows.append(
        ModelDescription.Row("missing", missing.prefix(4).joined(separator: ", ") + (missing.count > 4 ? ", .." : "")))
    }
    return ModelDescription(
      "Hugging Face directory", bytes: bytes, rows: rows, tensors: tensors,
      loadedBy: "transformers.AutoModel.from_pretrained, vLLM",
      runtime: "runtime: {kind: python} with transformers, or {kind: custom} with vLLM")
  }

  private static func json(_ path: FilePath, _ budget: HeaderBudget) throws -> JSONValue? {
    let file = try HeaderFile(path, budget)
    let bytes = try file.bytes(at: 0, Int(clamping: file.size))
    var options = JSONOptions(nonFinite: .all, size: bytes.count)
    // A value may take a hundred times the memory of its text.
    options.valueCount = 1 << 20
    do { return try JSONValue(json: bytes, options: options) } catch let failure as JSONFailure {
      throw file.damaged(failure.described(in: bytes))
    }
  }

  private static func config(
    _ path: FilePath, _ names: [String], budget: HeaderBudget
  ) throws -> [ModelDescription.Row] {
    guard names.contains("config.json"), let config = try json(path.appending("config.json"), budget) else { return [] }
    func text(_ key: String) -> String? { config[key].flatMap { $0.string ?? $0.integer.map(String.init) } }
    var rows: [ModelDescription.Row] = []
    if let classes = config["architectures"]?.array?.compactMap(\.string), !classes.isEmpty {
      rows.append(ModelDescription.Row("architecture", classes.joined(separator: ", ")))
    }
    let wanted = [
      ("model type", "model_type"), ("type", "dtype"), ("type", "torch_dtype"), ("layers", "num_hidden_layers"),
      ("hidden size", "hidden_size"), ("vocabulary", "vocab_size"), ("context length", "max_position_embeddings"),
      ("transformers", "transformers_version"),
    ]
    for (name, key) in wanted {
      if let value = text(key), !rows.contains(where: { $0.name == name }) {
        rows.append(ModelDescription.Row(name, String(value.prefix(80))))
      }
    }
    if let method = config["quantization_config"]?["quant_method"]?.string {
      rows.append(ModelDescription.Row("quantization", method))
    }
    return rows
  }

  /// The files that an index of sharded weights names.
  private static func shards(_ path: FilePath, _ names: [String], budget: HeaderBudget) throws -> Set<String> {
    var result: Set<String> = []
    for name in names where name.hasSuffix(".index.json") {
      let map = try json(path.appending(name), budget)?["weight_map"]?.object ?? [:]
      result.formUnion(map.values.compactMap(\.string))
    }
    return result
  }
}

/// A directory that MLflow wrote. Its `MLmodel` is looked at by lines, as MLflow writes them: this is for a description
/// only, and `opz init` reads it as YAML.
enum MLflowHeader {
  static func describe(_ path: FilePath, _ names: [String], budget: HeaderBudget) throws -> ModelDescription? {
    guard names.contains("MLmodel") else { return nil }
    let file = try HeaderFile(path.appending("MLmodel"), budget)
    let text = String(decoding: try file.upTo(4 << 20, at: 0), as: UTF8.self)
    var rows: [ModelDescription.Row] = []
    var flavors: [String] = []
    var section = ""
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: ":", maxSplits: 1).map { $0.trimmingBlanks }
      guard let key = words.first, !key.isEmpty else { continue }
      if line.first != " " {
        section = key
        if ["mlflow_version", "utc_time_created", "model_uuid", "run_id"].contains(key), words.count > 1 {
          rows.append(ModelDescription.Row(key, words[1].filter { $0 != "'" && $0 != "\"" }))
        }
      } else if section == "flavors", line.hasPrefix("  "), !line.hasPrefix("   ") {
        flavors.append(key)
      }
    }
    rows.insert(ModelDescription.Row("flavors", flavors.joined(separator: ", ")), at: 0)
    return ModelDescription(
      "MLflow directory", bytes: file.size, rows: rows, loadedBy: "mlflow.pyfunc.load_model",
      runtime: "runtime: {kind: python}; opz init reads its requirements")
  }
}

extension Substring {
  fileprivate var trimmingBlanks: String {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
