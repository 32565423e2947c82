public import OpzArchive
import OpzIO
public import OpzOCI
public import OpzYAML

/// Reads the keys of opz.yaml that are about the image as a whole: `env`, `platforms`, `layers`. Problems are reported
/// to the document's `KeyProblems`; `top` is the document's own mapping.
public enum ImageKeys {
  /// The keys of the section `layers`.
  public static let layers = ["compression"]

  /// The variables of the image, `env`.
  public static func environment(_ top: YAMLScope) -> [String: String] {
    let values = top.dictionary("env")
    let scope = top.mapping("env", keys: Array(values.keys), isOpen: true)
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      let first = name.utf8.first.map { !(48...57).contains($0) } ?? false
      let isName = first && name.utf8.allSatisfy { isWord($0) }
      if !isName { scope.fail(name, "not a name of an environment variable", hint: "use letters, digits and _") }
      if name == "OPZ_MODEL_NAME" { scope.fail(name, "opz sets it itself, to the model's name") }
      if let key = modelKeys[name] {
        scope.fail(name, "opz sets it itself, from model.\(key)", hint: "write model: {\(key): \(value)}")
      }
      if value.utf8.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) {
        scope.fail(name, "a line break or a NUL in the value")
      }
    }
    return values
  }

  /// Variables by which opz-server is told how to read the model, with the keys that say it.
  private static let modelKeys = [
    "OPZ_MODEL_FORMAT": "format", "OPZ_MODEL_ITERATIONS": "iterations", "OPZ_MODEL_UNSEEN": "unseen",
  ]

  private static func isWord(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
  }

  /// The platforms of the image, `platforms`; linux/amd64 if the document has none.
  public static func platforms(_ top: YAMLScope) -> [Platform] {
    if case .list(let items)? = top.node("platforms")?.value, items.isEmpty {
      top.fail("platforms", "an empty list", hint: "write platforms: [linux/amd64]")
    }
    var result: [Platform] = []
    for (index, text) in top.texts("platforms") {
      guard let platform = Platform(text)?.normalized, platform.os == "linux", platform.osVersion == nil,
        text == text.lowercased()
      else {
        let known = ["linux/amd64", "linux/arm64"]
        top.fail(
          "platforms", at: index, "\"\(text.prefix(80))\" is not a Linux platform",
          hint: NearestName.find(text, in: known).map { "did you mean \($0)?" } ?? "write linux/amd64 or linux/arm64")
        continue
      }
      if result.contains(platform) { top.fail("platforms", at: index, "duplicate \(text)") }
      result.append(platform)
    }
    return result.isEmpty ? [.linuxAMD64] : result
  }

  /// `layers.compression`. The weights of a model runtime are for KServe, which refuses zstd.
  public static func compression(_ top: YAMLScope, for runtime: RuntimeSection?) -> Compression {
    let scope = top.mapping("layers", keys: layers)
    guard let text = scope.text("compression") else { return .gzip }
    guard let compression = Compression(rawValue: text) else {
      scope.fail(
        "compression", "\"\(text.prefix(80))\" is not a compression",
        hint: NearestName.find(text, in: Compression.allCases.map(\.rawValue)).map { "did you mean \($0)?" }
          ?? "write gzip, zstd or none")
      return .gzip
    }
    if compression == .zstd, runtime?.kind == .model {
      scope.fail("compression", "KServe refuses zstd layers, and kind: model is for KServe", hint: "write gzip or none")
    }
    return compression
  }
}
