import OpzDeploy
import OpzFormats
import OpzIO
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzYAML

/// Converts the document of an opz.yaml to typed values: each section by the module that it is about, and here what
/// names the project, its model and where it is pushed.
struct ConfigParts {
  private let problems: KeyProblems
  private let top: YAMLScope
  /// What `model.format` may be.
  private let formats: [String]

  init(_ document: YAMLNode, _ problems: KeyProblems, formats: ModelFormats) {
    self.problems = problems
    self.formats = ["auto"] + formats.readable.map(\.name) + ["unknown"]
    top = YAMLScope(document, path: "", keys: ConfigKeys.top, problems)
  }

  /// Nil if a required part is missing; the problems say which.
  func config() -> ProjectConfig? {
    format()
    let name = name()
    let model = model()
    let runtime = RuntimeSection(in: top)
    if let model, let runtime { check(model, runtime.kind) }
    let serve = ServeSection.read(top, for: runtime)
    let version = version()
    let code = top.paths("code")
    let config = top.paths("config")
    let files = PlacedFiles.read(top)
    let links = links()
    let env = ImageKeys.environment(top)
    let platforms = ImageKeys.platforms(top)
    let lineage = LineageSection(in: top)
    let deploy = DeploySection.read(top)
    let push = push()
    let test = TestSection.read(top)
    let monitor = MonitorSection.read(top, keepsContract: runtime?.keepsContract ?? true)
    let features = FeaturesSection.read(top)
    for (index, path) in top.texts("config") where code.contains(path) {
      top.fail("config", at: index, "\(path) is already in code", hint: "keep it in one of the two")
    }
    let compression = ImageKeys.compression(top, for: runtime)
    guard let name, let model, let runtime, let version else { return nil }
    return ProjectConfig(
      name: name, version: version, model: model, runtime: runtime, serve: serve, code: code, config: config,
      files: files, links: links,
      compression: compression, env: env, platforms: platforms, lineage: lineage, deploy: deploy, push: push,
      test: test, monitor: monitor, features: features,
      locations: problems.locations)
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
    let scope = top.mapping("model", keys: ConfigKeys.model)
    let format = scope.text("format") ?? "auto"
    if !formats.contains(format) {
      scope.fail(
        "format", "\"\(format.prefix(80))\" is not a format that opz knows",
        hint: NearestName.find(format, in: formats).map { "did you mean \($0)?" }
          ?? "write one of \(formats.joined(separator: ", "))")
    }
    let iterations: ReadingOptions.Iterations = rule(
      "iterations", in: scope, or: .all, hint: "write iterations: best for those up to the best of early stopping")
    let unseen: ReadingOptions.Unseen = rule(
      "unseen", in: scope, or: .library,
      hint: "write unseen: missing to score a category that the model does not have as a missing value")
    scope.require("path", hint: "write path: model.json")
    return scope.path("path").map {
      ProjectConfig.ModelSource(
        path: $0, format: ["auto", "unknown"].contains(format) ? nil : format, isKnown: format != "unknown",
        iterations: iterations, unseen: unseen)
    }
  }

  /// How the model is read.
  private func rule<Rule: RawRepresentable & CaseIterable>(
    _ key: String, in scope: YAMLScope, or usual: Rule, hint: String
  ) -> Rule where Rule.RawValue == String {
    guard let text = scope.text(key) else { return usual }
    if let rule = Rule(rawValue: text) { return rule }
    let known = Rule.allCases.map(\.rawValue).joined(separator: ", ")
    scope.fail(key, "\"\(text.prefix(80))\" is none of \(known)", hint: hint)
    return usual
  }

  /// The native runtime is the only one in which opz reads the model.
  private func check(_ model: ProjectConfig.ModelSource, _ kind: RuntimeSection.Kind) {
    let scope = top.mapping("model", keys: ConfigKeys.model, isOpen: true)
    if kind == .native, !model.isKnown {
      scope.fail(
        "format", "the native runtime reads the model, so its format cannot be unknown",
        hint: "write format: auto, or runtime: {kind: custom} with your own server")
    }
    let obeyed = [("iterations", model.iterations != .all), ("unseen", model.unseen != .library)]
    for (key, isSet) in obeyed where kind != .native && isSet {
      scope.fail(
        key, "only the native runtime obeys it, and this project has runtime: {kind: \(kind.rawValue)}",
        hint: "leave it out, or write runtime: {kind: native}")
    }
  }

  private func links() -> LinkRule {
    guard let text = top.text("links") else { return .keep }
    if let rule = LinkRule(rawValue: text) { return rule }
    top.fail(
      "links", "\"\(text.prefix(80))\" is neither keep nor follow",
      hint: "write links: follow to package what links lead to")
    return .keep
  }

  private func push() -> ProjectConfig.Push? {
    guard top.has("push") else { return nil }
    let scope = top.mapping("push", keys: ConfigKeys.push)
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
