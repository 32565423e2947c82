import OpzOCI

/// Turns the document of an opz.yaml into its typed values, part by part.
struct ConfigParts {
  private let problems: ConfigProblems
  private let top: ConfigScope

  init(_ document: ConfigNode, _ problems: ConfigProblems) {
    self.problems = problems
    top = ConfigScope(document, path: "", keys: ConfigKeys.top, problems)
  }

  /// Nil when something without which there is no configuration is missing; the problems say what.
  func config() -> ProjectConfig? {
    format()
    let name = name()
    let model = model()
    let runtime = runtime()
    let version = version()
    let result = (
      code: top.paths("code"), config: top.paths("config"), env: environment(), platforms: platforms(),
      lineage: lineage(), deploy: deploy(), push: push()
    )
    guard let name, let model, let runtime, let version else { return nil }
    return ProjectConfig(
      name: name, version: version, model: model, runtime: runtime, code: result.code, config: result.config,
      env: result.env, platforms: result.platforms, lineage: result.lineage, deploy: result.deploy, push: result.push,
      places: problems.places)
  }

  private func format() {
    guard top.has("opz") else {
      return top.fail("opz", "missing", hint: "begin the file with opz: 1, the number of its format")
    }
    guard let number = top.integer("opz", in: 0...Int.max), number != 1 else { return }
    top.fail(
      "opz", "the file has format \(number), this opz reads 1", hint: number > 1 ? "use a newer opz" : "write opz: 1")
  }

  private func name() -> ModelName? {
    guard let text = top.required("name") else { return nil }
    do {
      return try ModelName(text)
    } catch {
      let reason = (error as? OCIError)?.reason ?? "not a model name"
      top.fail("name", "\"\(text.prefix(80))\" is \(reason)", hint: (error as? OCIError)?.hint)
      return nil
    }
  }

  private func version() -> ProjectConfig.VersionRule? {
    guard top.has("version") else { return .auto }
    if case .number(let text)? = top.node("version")?.value {
      top.fail("version", "\(text) has not three numbers", hint: "write version: \(text).0, or version: auto")
      return nil
    }
    guard let text = top.text("version") else { return nil }
    if text == "auto" { return .auto }
    if let version = SemanticVersion(text) { return .fixed(version) }
    let plain = text.hasPrefix("v") ? SemanticVersion(String(text.dropFirst())) : nil
    top.fail(
      "version", "\"\(text.prefix(80))\" is not a semantic version",
      hint: "write \(plain?.description ?? "1.2.0"), or auto for the next one")
    return nil
  }

  private func model() -> ProjectConfig.ModelSource? {
    guard top.has("model") else {
      top.fail("model", "missing", hint: "write model: {path: model.json}")
      return nil
    }
    let scope = ConfigScope(top.node("model"), path: "model", keys: ConfigKeys.model, problems)
    let format = scope.text("format") ?? "auto"
    let formats = ["auto", "xgboost-json", "unknown"]
    if !formats.contains(format) {
      scope.fail(
        "format", "\"\(format)\" is not a format that opz knows",
        hint: NearestName.find(format, in: formats).map { "did you mean \($0)?" } ?? "write auto")
    }
    guard let text = scope.required("path"), let path = scope.path("path", text) else { return nil }
    return ProjectConfig.ModelSource(path: path, format: format)
  }

  private func environment() -> [String: String] {
    let values = top.dictionary("env")
    let scope = ConfigScope(top.node("env"), path: "env", keys: Array(values.keys), problems)
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      let first = name.utf8.first.map { !(48...57).contains($0) } ?? false
      let isName = first && name.utf8.allSatisfy { ConfigParts.isWord($0) }
      if !isName { scope.fail(name, "not a name of an environment variable", hint: "use letters, digits and _") }
      if name == "OPZ_MODEL_NAME" { scope.fail(name, "opz sets it itself, to the model's name") }
      if value.utf8.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) {
        scope.fail(name, "a line break or NUL in the value")
      }
    }
    return values
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
  }

  private func platforms() -> [Platform] {
    let texts = top.texts("platforms")
    guard !texts.isEmpty else {
      if top.has("platforms") { top.fail("platforms", "an empty list", hint: "write platforms: [linux/amd64]") }
      return [.linuxAMD64]
    }
    var result: [Platform] = []
    for text in texts {
      if let platform = Platform(text), platform.os == "linux" {
        if result.contains(platform) { top.fail("platforms", "\(text) is there twice") }
        result.append(platform)
      } else {
        top.fail(
          "platforms", "\"\(text.prefix(80))\" is not a platform of Linux", hint: "write linux/amd64 or linux/arm64")
      }
    }
    return result
  }

  private func lineage() -> ProjectConfig.LineageSources {
    let scope = ConfigScope(top.node("lineage"), path: "lineage", keys: ConfigKeys.lineage, problems)
    let tags = scope.dictionary("tags")
    for (key, value) in tags where key.utf8.count > 128 || value.utf8.count > 1024 {
      scope.fail("tags", "\(key.prefix(40)): a tag has at most 128 bytes, its value 1024")
    }
    let parent = scope.text("parent")
    if let parent {
      let parts = parent.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
      let isVersion = parts.count == 2 && (try? ModelName(parts[0])) != nil && SemanticVersion(parts[1]) != nil
      if !isVersion {
        scope.fail("parent", "\"\(parent.prefix(80))\" is not NAME@VERSION", hint: "write parent: churn@1.1.0")
      }
    }
    let metrics = scope.text("metrics").flatMap { scope.path("metrics", $0) }
    return ProjectConfig.LineageSources(data: scope.paths("data"), metrics: metrics, parent: parent, tags: tags)
  }

  private func deploy() -> DeploySettings? {
    guard top.has("deploy") else { return nil }
    let scope = ConfigScope(top.node("deploy"), path: "deploy", keys: ConfigKeys.deploy, problems)
    var settings = DeploySettings()
    if scope.has("replicas") {
      let replicas = ConfigScope(scope.node("replicas"), path: "deploy.replicas", keys: ConfigKeys.replicas, problems)
      let low = replicas.integer("min", in: 0...10_000) ?? 1
      let high = replicas.integer("max", in: 1...10_000) ?? max(low, 1)
      if low > high { replicas.fail("min", "\(low) is more than max, \(high)") }
      settings.replicas = DeploySettings.Replicas(min: low, max: high)
    }
    if scope.has("resources") {
      let resources = ConfigScope(
        scope.node("resources"), path: "deploy.resources", keys: ConfigKeys.resources, problems)
      settings.resources = DeploySettings.Resources(
        cpu: resources.quantity("cpu"), memory: resources.quantity("memory"))
    }
    if scope.has("autoscale") {
      let autoscale = ConfigScope(
        scope.node("autoscale"), path: "deploy.autoscale", keys: ConfigKeys.autoscale, problems)
      settings.autoscale = DeploySettings.Autoscale(cpu: autoscale.integer("cpu", in: 1...1000))
    }
    return settings
  }

  private func push() -> ProjectConfig.Push? {
    guard top.has("push") else { return nil }
    let scope = ConfigScope(top.node("push"), path: "push", keys: ConfigKeys.push, problems)
    guard let to = scope.required("to") else { return nil }
    if (try? Reference(parsing: to)) == nil {
      scope.fail("to", "\"\(to.prefix(80))\" is not HOST/REPO[:TAG]", hint: "write to: registry.example/crm/churn")
    }
    return ProjectConfig.Push(to: to)
  }
}

extension ConfigParts {
  private func runtime() -> ProjectConfig.Runtime? {
    let keys = ConfigKeys.runtime
    let scope = ConfigScope(top.node("runtime"), path: "runtime", keys: keys, problems)
    let kinds = ProjectConfig.Runtime.Kind.allCases.map(\.rawValue)
    let text = scope.text("kind") ?? "native"
    guard let kind = ProjectConfig.Runtime.Kind(rawValue: text) else {
      scope.fail(
        "kind", "\"\(text.prefix(80))\" is not a runtime",
        hint: NearestName.find(text, in: kinds).map { "did you mean \($0)?" }
          ?? "write one of \(kinds.joined(separator: ", "))")
      return nil
    }
    let runtime = ProjectConfig.Runtime(
      kind: kind, base: base(scope, kind), python: scope.version("python"),
      requirements: scope.text("requirements").flatMap { scope.path("requirements", $0) },
      lock: scope.text("lock").flatMap { scope.path("lock", $0) },
      command: scope.texts("command", hintForText: "write a list: command: [python, serve.py]"), user: user(scope),
      expose: ports(scope))
    refuseUseless(scope, kind)
    return runtime
  }

  private func base(_ scope: ConfigScope, _ kind: ProjectConfig.Runtime.Kind) -> String? {
    guard let base = scope.text("base") else {
      if kind == .custom, !scope.has("base") {
        scope.fail("base", "missing", hint: "write base: HOST/REPO:TAG, oci:DIR or scratch")
      }
      return nil
    }
    let isLayout = base.hasPrefix("oci:") && base.utf8.count > 4
    if base != "scratch", !isLayout, (try? Reference(parsing: base)) == nil {
      scope.fail("base", "\"\(base.prefix(80))\" is neither HOST/REPO:TAG, oci:DIR nor scratch")
    }
    return base
  }

  /// Keys that mean nothing for a kind of runtime are mistakes.
  private func refuseUseless(_ scope: ConfigScope, _ kind: ProjectConfig.Runtime.Kind) {
    let useless: [String] =
      switch kind {
      case .native: ["base", "python", "requirements", "lock", "command", "expose"]
      case .model: ["base", "python", "requirements", "lock", "command", "user", "expose"]
      case .custom: ["python", "requirements", "lock"]
      case .python: []
      }
    for key in useless where scope.has(key) { scope.fail(key, "a \(kind.rawValue) runtime has no \(key)") }
  }

  private func user(_ scope: ConfigScope) -> String? {
    var text: String?
    switch scope.node("user")?.value {
    case .integer(let number)?: text = String(number)
    default: text = scope.text("user")
    }
    guard let text else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ UInt32($0) != nil && $0.first != "+" }) else {
      scope.fail(
        "user", "\"\(text.prefix(80))\" is not UID or UID:GID", hint: "write numbers: Kubernetes cannot check a name")
      return nil
    }
    if UInt32(parts[0]) == 0 { scope.fail("user", "0 is root", hint: "use another number, 65532 for instance") }
    return text
  }

  private func ports(_ scope: ConfigScope) -> [Int] {
    var items: [ConfigNode] = []
    switch scope.node("expose")?.value {
    case nil, .null?: return []
    case .list(let list)?: items = list
    default: items = scope.node("expose").map { [$0] } ?? []
    }
    return items.compactMap { item in
      guard case .integer(let port) = item.value, (1...65535).contains(port) else {
        scope.fail("expose", "\(item.kind) where a port from 1 to 65535 belongs")
        return nil
      }
      return port
    }
  }
}

extension ConfigScope {
  /// A version of Python: `3.12` looks like a number, and `3.10` would lose its zero if it were one.
  fileprivate func version(_ key: String) -> String? {
    if case .number(let text)? = node(key)?.value { return text }
    return text(key)
  }

  /// A Kubernetes quantity: text, or a whole number.
  fileprivate func quantity(_ key: String) -> String? {
    switch node(key)?.value {
    case .integer(let number)?: return String(number)
    case .number(let text)?: return text
    default: return text(key)
    }
  }
}
