import OpzFormats
import OpzOCI
import OpzYAML

/// Converts the document of an opz.yaml to typed values, part by part.
struct ConfigParts {
  let problems: KeyProblems
  let top: YAMLScope
  /// What `model.format` may be.
  private let formats: [String]

  init(_ document: YAMLNode, _ problems: KeyProblems, _ formats: ModelFormats) {
    self.problems = problems
    self.formats = ["auto"] + formats.readable.map(\.name) + ["unknown"]
    top = YAMLScope(document, path: "", keys: ConfigKeys.top, problems)
  }

  /// Nil if a required part is missing; the problems say which.
  func config() -> ProjectConfig? {
    format()
    let name = name()
    let model = model()
    let runtime = runtime()
    let version = version()
    let result = (
      code: top.paths("code"), config: top.paths("config"), files: files(), env: environment(), platforms: platforms(),
      lineage: lineage(), deploy: deploy(), push: push()
    )
    for (index, path) in top.texts("config") where result.code.contains(path) {
      top.fail("config", at: index, "\(path) is already in code", hint: "keep it in one of the two")
    }
    let compression = compression(runtime)
    guard let name, let model, let runtime, let version else { return nil }
    return ProjectConfig(
      name: name, version: version, model: model, runtime: runtime, code: result.code, config: result.config,
      files: result.files, compression: compression, env: result.env, platforms: result.platforms,
      lineage: result.lineage, deploy: result.deploy, push: result.push,
      places: problems.places)
  }

  private func format() {
    top.require("opz", hint: "begin the file with opz: 1, the number of its format")
    guard let number = top.integer("opz", in: 0...Int.max), number != 1 else { return }
    top.fail(
      "opz", "the file has format \(number), this opz reads 1", hint: number > 1 ? "use a newer opz" : "write opz: 1")
  }

  private func name() -> ModelName? {
    guard let text = top.required("name", hint: "write name: churn, or name: team/churn") else { return nil }
    do {
      return try ModelName(text)
    } catch {
      let near = ModelName.near(text).map { "write name: \($0)" }
      top.fail(
        "name", "\"\(text.prefix(80))\" is \((error as? OCIError)?.reason ?? "not a model name")",
        hint: near ?? (error as? OCIError)?.hint)
      return nil
    }
  }

  private func version() -> ProjectConfig.VersionRule? {
    guard top.has("version"), let node = top.node("version") else { return .auto }
    guard let text = node.written else {
      _ = top.text("version")
      return nil
    }
    if text == "auto" { return .auto }
    if let version = SemanticVersion(text) { return .fixed(version) }
    top.fail(
      "version", "\"\(text.prefix(80))\" is not a semantic version",
      hint: "write version: \(SemanticVersion(near: text)?.description ?? "1.2.0"), or version: auto for the next one")
    return nil
  }

  private func model() -> ProjectConfig.ModelSource? {
    top.require("model", hint: "write model: {path: model.json}")
    guard top.has("model") else { return nil }
    let scope = YAMLScope(top.node("model"), path: "model", keys: ConfigKeys.model, problems)
    let format = scope.text("format") ?? "auto"
    if !formats.contains(format) {
      scope.fail(
        "format", "\"\(format.prefix(80))\" is not a format that opz knows",
        hint: NearestName.find(format, in: formats).map { "did you mean \($0)?" }
          ?? "write one of \(formats.joined(separator: ", "))")
    }
    scope.require("path", hint: "write path: model.json")
    return scope.path("path").map { ProjectConfig.ModelSource(path: $0, format: format) }
  }

  private func environment() -> [String: String] {
    let values = top.dictionary("env")
    let scope = YAMLScope(top.node("env"), path: "env", keys: Array(values.keys), problems, isOpen: true)
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      let first = name.utf8.first.map { !(48...57).contains($0) } ?? false
      let isName = first && name.utf8.allSatisfy { ConfigParts.isWord($0) }
      if !isName { scope.fail(name, "not a name of an environment variable", hint: "use letters, digits and _") }
      if name == "OPZ_MODEL_NAME" { scope.fail(name, "opz sets it itself, to the model's name") }
      if value.utf8.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) {
        scope.fail(name, "a line break or a NUL in the value")
      }
    }
    return values
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
  }

  private func platforms() -> [Platform] {
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

  private func lineage() -> ProjectConfig.LineageSources {
    let scope = YAMLScope(top.node("lineage"), path: "lineage", keys: ConfigKeys.lineage, problems)
    let tags = scope.dictionary("tags")
    let tagScope = YAMLScope(scope.node("tags"), path: "lineage.tags", keys: Array(tags.keys), problems, isOpen: true)
    for (key, value) in tags.sorted(by: { $0.key < $1.key }) {
      if key.isEmpty { tagScope.fail(key, "an empty name") }
      if key.utf8.count > 128 { tagScope.fail(key, "the name has \(key.utf8.count) bytes; at most 128 are allowed") }
      if value.utf8.count > 1024 {
        tagScope.fail(key, "the value has \(value.utf8.count) bytes; at most 1024 are allowed")
      }
    }
    let parent = scope.text("parent")
    if let parent {
      let parts = parent.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
      let isVersion = parts.count == 2 && (try? ModelName(parts[0])) != nil && SemanticVersion(parts[1]) != nil
      if !isVersion {
        scope.fail("parent", "\"\(parent.prefix(80))\" is not NAME@VERSION", hint: "write parent: churn@1.1.0")
      }
    }
    return ProjectConfig.LineageSources(
      data: scope.paths("data"), metrics: scope.path("metrics"), parent: parent, tags: tags)
  }

  private func push() -> ProjectConfig.Push? {
    guard top.has("push") else { return nil }
    let scope = YAMLScope(top.node("push"), path: "push", keys: ConfigKeys.push, problems)
    guard let to = scope.required("to", hint: "write to: registry.example/crm/churn") else { return nil }
    let reference = try? Reference(parsing: to)
    if reference == nil || reference?.digest != nil {
      scope.fail(
        "to", "\"\(to.prefix(80))\" is not HOST/REPO[:TAG]\(reference == nil ? "" : ": the push makes the digest")",
        hint: "write to: registry.example/crm/churn")
    }
    return ProjectConfig.Push(to: to)
  }
}
