import OpzJSON

/// Configurations of Hugging Face's libraries that name code: `auto_map` and `custom_pipelines` of transformers,
/// `modules.json` of sentence-transformers, `model_index.json` of diffusers.
enum TransformersCheck: DocumentCheck {
  static func check(_ object: [String: JSONValue], _ findings: inout DocumentFindings) {
    if let map = object["auto_map"] { references(in: map, &findings) }
    if let pipelines = object["custom_pipelines"]?.object {
      for (_, pipeline) in pipelines { if let code = pipeline["impl"] { references(in: code, &findings) } }
    }
    switch object["trust_remote_code"] {
    case nil, .bool(false): break
    default: findings.add(.modelCode, .warning, text: "it asks to run code of the model's own (trust_remote_code)")
    }
    sentences(object, &findings)
    diffusers(object, &findings)
  }

  /// `modeling_x.Model` is in a file next to the configuration; `somebody/repository--modeling_x.Model` is downloaded.
  private static func references(in value: JSONValue, _ findings: inout DocumentFindings) {
    var waiting = [value]
    while let next = waiting.popLast() {
      switch next {
      case .array(let items): waiting += items
      case .object(let members): waiting += Array(members.values)
      case .string(let text):
        let shown = DocumentFindings.shown(text)
        if text.contains("--") || EscapingPath.isOutside(text) {
          findings.add(.namedCode, .error, text: "it runs code from elsewhere when it is loaded: \(shown)")
        } else {
          findings.add(.modelCode, .warning, text: "it runs code of its own if the user trusts it: \(shown)")
        }
      default: break
      }
    }
  }

  /// `{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}`: the type is imported.
  private static func sentences(_ object: [String: JSONValue], _ findings: inout DocumentFindings) {
    guard object["idx"] != nil, object["path"] != nil, let type = object["type"]?.string else { return }
    if let path = object["path"]?.string, EscapingPath.isOutside(path) {
      findings.add(
        .outsidePath, .error, text: "it reads \(DocumentFindings.shown(path)), outside of the model's directory")
    }
    let parts = type.split(separator: ".", omittingEmptySubsequences: false)
    if parts.first == "sentence_transformers", parts.last?.first?.isUppercase == true { return }
    if findings.isAllowedByUser(type) { return }
    findings.add(
      .namedCode, .error, text: "it creates \(DocumentFindings.shown(type)), which is not part of sentence-transformers"
    )
  }

  /// `"unet": ["diffusers", "UNet2DConditionModel"]`: the library is imported.
  private static func diffusers(_ object: [String: JSONValue], _ findings: inout DocumentFindings) {
    guard object["_diffusers_version"] != nil, let name = object["_class_name"] else { return }
    if let pair = name.textList {
      findings.add(
        .modelCode, .warning,
        text: "its pipeline is code of its own: \(DocumentFindings.shown(pair.joined(separator: ".")))")
    }
    for (_, value) in object {
      guard let pair = value.textList, pair.count == 2, value != name else { continue }
      guard !libraries.contains(pair[0]), !findings.isAllowedByUser(pair[0], pair[1]) else { continue }
      // A file next to the component is imported as a module of that name.
      findings.add(
        .namedCode, .error,
        text:
          "it creates \(DocumentFindings.shown(pair.joined(separator: "."))), which is not from a library that diffusers knows"
      )
    }
  }

  private static let libraries: Set<String> = [
    "diffusers", "transformers", "onnxruntime", "flax", "peft", "stable_diffusion", "stable_diffusion_safe",
    "latent_diffusion",
    "alt_diffusion", "paint_by_example", "deepfloyd_if", "kandinsky", "kandinsky2_2", "kandinsky3", "shap_e",
    "wuerstchen", "stable_cascade", "stable_diffusion_xl", "stable_diffusion_3", "audioldm", "audioldm2", "unidiffuser",
    "spectrogram_diffusion", "flux", "ltx", "ltx2", "cogvideo", "hidream_image", "visual_cloze", "qwenimage",
  ]
}
