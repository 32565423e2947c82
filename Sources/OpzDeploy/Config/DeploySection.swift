import OpzIO
import OpzJSON
import OpzKubernetes
public import OpzYAML

/// Reads the section `deploy` of opz.yaml: the settings of a version's manifests.
public enum DeploySection {
  /// Reads the section of a document; nil if it has none. Problems are reported to the document's `KeyProblems`.
  ///
  /// Whether the settings are consistent is checked when manifests are written for a target.
  /// - Parameter top: the document's own mapping.
  public static func read(_ top: YAMLScope) -> DeploySettings? {
    guard top.has("deploy") else { return nil }
    let scope = top.mapping("deploy", keys: DeployKeys.deploy)
    var settings = DeploySettings()
    settings.replicas = part(scope, "replicas", keys: DeployKeys.replicas, read: replicas)
    settings.resources = part(scope, "resources", keys: DeployKeys.resources, read: resources)
    settings.autoscale = part(scope, "autoscale", keys: DeployKeys.autoscale, read: autoscale)
    settings.env = variables(scope)
    settings.envFrom = names(scope, "envFrom") { try ObjectName.checkSubdomain($0, key: "") }
    settings.imagePullSecrets = names(scope, "imagePullSecrets") { try ObjectName.checkSubdomain($0, key: "") }
    settings.priorityClass = name(scope, "priorityClass") { try ObjectName.checkSubdomain($0, key: "") }
    settings.spread = choice(scope, "spread")
    settings.namespace = part(scope, "namespace", keys: DeployKeys.namespace, read: namespace)
    settings.ingress = part(scope, "ingress", keys: DeployKeys.ingress) { ingress in
      DeploySettings.Ingress(
        namespaces: names(ingress, "namespaces") { try ObjectName.check($0, key: "") }, pods: labels(ingress, "pods"))
    }
    settings.monitoring = part(scope, "monitoring", keys: DeployKeys.monitoring, read: monitoring)
    settings.vpa = scope.flag("vpa")
    settings.storage = choice(scope, "storage")
    settings.rollout = part(scope, "rollout", keys: DeployKeys.rollout, read: rollout)
    settings.batch = part(scope, "batch", keys: DeployKeys.batch, read: batch)
    settings.schedules = schedules(scope)
    settings.patches = patches(scope)
    return settings
  }

  /// A nested mapping; nil if omitted.
  private static func part<Value>(
    _ scope: YAMLScope, _ key: String, keys: [String], read: (YAMLScope) -> Value?
  ) -> Value? {
    guard scope.has(key) else { return nil }
    return read(scope.mapping(key, keys: keys))
  }

  // MARK: Parts

  private static func replicas(_ scope: YAMLScope) -> DeploySettings.Replicas {
    let low = scope.integer("min", in: 0...10_000) ?? 1
    let high = scope.integer("max", in: 1...10_000) ?? max(low, 1)
    if low > high { scope.fail("min", "\(low) is more than max, \(high)") }
    return DeploySettings.Replicas(min: low, max: high)
  }

  private static func resources(_ scope: YAMLScope) -> DeploySettings.Resources {
    DeploySettings.Resources(
      cpu: scope.quantity("cpu", example: "500m"), memory: scope.quantity("memory", example: "256Mi"),
      gpu: part(scope, "gpu", keys: DeployKeys.gpu) { gpu in
        gpu.require("count", hint: "write count: 1")
        return DeploySettings.GPU(
          count: gpu.integer("count", in: 1...1024) ?? 1, resource: gpu.text("resource"), product: gpu.text("product"),
          toleration: gpu.text("toleration"))
      })
  }

  private static func autoscale(_ scope: YAMLScope) -> DeploySettings.Autoscale {
    DeploySettings.Autoscale(
      cpu: scope.integer("cpu", in: 1...1000), memory: scope.integer("memory", in: 1...1000),
      concurrency: scope.integer("concurrency", in: 1...1_000_000), rps: scope.integer("rps", in: 1...1_000_000),
      activate: scope.text("activate"), up: part(scope, "up", keys: DeployKeys.rule, read: rule),
      down: part(scope, "down", keys: DeployKeys.rule, read: rule))
  }

  private static func rule(_ scope: YAMLScope) -> DeploySettings.Rule {
    DeploySettings.Rule(
      window: scope.integer("window", in: 0...3600), pods: scope.integer("pods", in: 1...10_000),
      percent: scope.integer("percent", in: 1...10_000), period: scope.integer("period", in: 1...1800))
  }

  private static func namespace(_ scope: YAMLScope) -> DeploySettings.Namespace {
    DeploySettings.Namespace(
      name: name(scope, "name") { try ObjectName.check($0, key: "") },
      quota: part(scope, "quota", keys: DeployKeys.quota) { quota in
        DeploySettings.Quota(
          cpu: quota.quantity("cpu", example: "20"), memory: quota.quantity("memory", example: "40Gi"),
          pods: quota.integer("pods", in: 1...100_000))
      })
  }

  private static func monitoring(_ scope: YAMLScope) -> DeploySettings.Monitoring {
    let server = scope.text("server")
    if let server, server.wholeMatch(of: /https?:\/\/[A-Za-z0-9.\-]+(:[0-9]{1,5})?(\/[A-Za-z0-9._~\-\/]*)?/) == nil {
      scope.fail(
        "server", "\"\(server.prefix(80))\" is not an address",
        hint: "write server: \"http://prometheus.monitoring:9090\"")
    }
    return DeploySettings.Monitoring(
      enabled: scope.flag("enabled"), server: server,
      namespace: name(scope, "namespace") { try ObjectName.check($0, key: "") }, labels: labels(scope, "labels"))
  }

  private static func rollout(_ scope: YAMLScope) -> DeploySettings.Rollout? {
    scope.require("strategy", hint: "write strategy: canary, or blue-green")
    let weight = scope.integer("weight", in: 0...100)
    let strategy: DeploySettings.Rollout.Strategy? = choice(scope, "strategy")
    if strategy == .blueGreen, let weight, weight != 0, weight != 100 {
      scope.fail(
        "weight", "\(weight)% is not one of blue-green's two weights", hint: "write 0 or 100, or strategy: canary")
    }
    let gateway = scope.text("gateway")
    let hosts = names(scope, "hosts") { host in
      try ObjectName.checkSubdomain(host.hasPrefix("*.") ? String(host.dropFirst(2)) : host, key: "")
    }
    return strategy.map { DeploySettings.Rollout(strategy: $0, weight: weight, gateway: gateway, hosts: hosts) }
  }

  private static func batch(_ scope: YAMLScope) -> DeploySettings.Batch {
    let command = scope.texts("command", numbers: true).map(\.text)
    return DeploySettings.Batch(
      input: part(scope, "input", keys: DeployKeys.volume, read: volume),
      output: part(scope, "output", keys: DeployKeys.volume, read: volume),
      shards: scope.integer("shards", in: 1...10_000), parallelism: scope.integer("parallelism", in: 1...10_000),
      schedule: scope.text("schedule"), timeZone: scope.text("timeZone"), command: command.isEmpty ? nil : command)
  }

  private static func volume(_ scope: YAMLScope) -> DeploySettings.Volume? {
    let claim = scope.required("claim", hint: "write claim: NAME, a PersistentVolumeClaim")
    if let claim { check(scope, "claim") { try ObjectName.checkSubdomain(claim, key: "") } }
    let path = scope.path("path")
    return claim.map { DeploySettings.Volume(claim: $0, path: path) }
  }

  // MARK: Scheduled commands

  private static func schedules(_ scope: YAMLScope) -> [DeploySettings.Schedule]? {
    guard scope.has("schedules") else { return nil }
    let items = scope.scopes(
      "schedules", keys: DeployKeys.schedule,
      hint: "write schedules: [{name: refresh, cron: \"0 3 * * *\", command: [python, refresh.py]}]")
    var names: Set<String> = []
    return items.compactMap { item in
      guard let schedule = schedule(item) else { return nil }
      if !names.insert(schedule.name).inserted { item.fail("name", "duplicate \(schedule.name)") }
      return schedule
    }
  }

  private static func schedule(_ scope: YAMLScope) -> DeploySettings.Schedule? {
    let name = scope.required("name", hint: "write name: refresh")
    if let name { check(scope, "name") { try ScheduledCommand.checkName(name, key: "") } }
    let cron = scope.required("cron", hint: "write minute, hour, day, month, weekday: \"0 3 * * *\"")
    if let cron { check(scope, "cron") { _ = try CronSchedule(cron, key: "") } }
    scope.require("command", hint: "write command: [python, refresh.py]")
    let command = scope.texts("command", numbers: true).map(\.text)
    if scope.has("command"), command.first?.isEmpty ?? true { scope.fail("command", "no program is named") }
    let zone = scope.text("timeZone")
    if let zone { check(scope, "timeZone") { try CronSchedule.checkTimeZone(zone, key: "") } }
    guard let name, let cron else { return nil }
    return DeploySettings.Schedule(
      name: name, cron: cron, command: command, timeZone: zone, concurrency: choice(scope, "concurrency"),
      deadline: scope.integer("deadline", in: ScheduledCommand.deadlines),
      timeout: scope.integer("timeout", in: ScheduledCommand.timeouts),
      retries: scope.integer("retries", in: ScheduledCommand.retries),
      resources: part(scope, "resources", keys: DeployKeys.resources, read: resources))
  }

  // MARK: Patches

  private static func patches(_ scope: YAMLScope) -> [DeploySettings.Patch]? {
    guard scope.has("patches") else { return nil }
    return scope.scopes(
      "patches", keys: DeployKeys.patch, hint: "write patches: [{kind: Deployment, merge: {spec: {..}}}]"
    ).compactMap(patch)
  }

  private static func patch(_ scope: YAMLScope) -> DeploySettings.Patch? {
    let kind = scope.required("kind", hint: "write kind: Deployment")
    guard scope.has("merge") != scope.has("json") else {
      scope.fail("merge", "a patch has either merge or json", hint: "write merge: {spec: {..}}, or json: [{op: ..}]")
      return nil
    }
    let merge = scope.node("merge").flatMap { $0.isNull ? nil : JSONValue($0) }
    if let node = scope.node("merge"), scope.has("merge") {
      guard case .map = node.value else {
        scope.fail("merge", "\(node.kind) where a mapping belongs")
        return nil
      }
      checkNumbers(node, scope, key: "merge")
    }
    var operations: [JSONValue]?
    if scope.has("json"), let node = scope.node("json") {
      guard case .array(let items) = JSONValue(node) else {
        scope.fail("json", "\(node.kind) where a list belongs", hint: "write json: [{op: replace, path: /a, value: 1}]")
        return nil
      }
      operations = items
      checkNumbers(node, scope, key: "json")
      check(scope, "json") { _ = try JSONPatch(items, subject: "") }
    }
    return kind.map { DeploySettings.Patch(kind: $0, name: scope.text("name"), merge: merge, json: operations) }
  }

  /// A number without a JSON form, such as NaN, would be written as null.
  private static func checkNumbers(_ node: YAMLNode, _ scope: YAMLScope, key: String) {
    switch node.value {
    case .number(let text) where Double(text)?.isFinite != true:
      scope.fail(
        key, "\(text.prefix(40)) is out of range for a number", hint: "write \"\(text.prefix(40))\" if it is text")
    case .list(let items): for item in items { checkNumbers(item, scope, key: key) }
    case .map(let pairs): for pair in pairs { checkNumbers(pair.value, scope, key: key) }
    default: break
    }
  }

  // MARK: Values

  /// What the image or opz deploy sets: a model that is read in another way here would not be the one that was tested.
  private static let reservedVariables: Set = [
    "OPZ_MODEL_VERSION", "OPZ_DRAIN_SECONDS", "OPZ_MODEL_NAME", "OPZ_MODEL_FORMAT", "OPZ_MODEL_ITERATIONS",
  ]

  private static func variables(_ scope: YAMLScope) -> [String: String]? {
    guard scope.has("env") else { return nil }
    let values = scope.dictionary("env")
    let open = scope.mapping("env", keys: [], isOpen: true)
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      if name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) == nil {
        open.fail(name, "not a name of an environment variable", hint: "use letters, digits and _")
      }
      if reservedVariables.contains(name) {
        open.fail(name, "opz sets it itself")
      }
      if value.utf8.contains(0) { open.fail(name, "a NUL in the value") }
    }
    return values
  }

  private static func labels(_ scope: YAMLScope, _ key: String) -> [String: String]? {
    guard scope.has(key) else { return nil }
    let labels = scope.dictionary(key)
    check(scope, key) { try ObjectName.checkLabels(labels, key: "") }
    return labels
  }

  private static func name(_ scope: YAMLScope, _ key: String, test: (String) throws -> Void) -> String? {
    let text = scope.text(key)
    if let text { check(scope, key) { try test(text) } }
    return text
  }

  private static func names(_ scope: YAMLScope, _ key: String, test: (String) throws -> Void) -> [String]? {
    guard scope.has(key) else { return nil }
    return scope.texts(key).map { index, text in
      do { try test(text) } catch {
        let error = error as? any ExplainedError
        scope.fail(key, at: index, error?.reason ?? "not a name", hint: error?.hint)
      }
      return text
    }
  }

  private static func check(_ scope: YAMLScope, _ key: String, test: () throws -> Void) { scope.check(key, test) }

  private static func choice<Choice: RawRepresentable & CaseIterable>(_ scope: YAMLScope, _ key: String) -> Choice?
  where Choice.RawValue == String {
    scope.choice(key)
  }
}

extension YAMLScope {
  /// A Kubernetes quantity: a text, or a number in its original spelling. It must not be negative.
  fileprivate func quantity(_ key: String, example: String) -> String? {
    guard has(key) else { return nil }
    var text: String?
    switch node(key)?.value {
    case .integer(let number)?: text = String(number)
    case .number(let written)?: text = written
    default: text = self.text(key)
    }
    if let text, text.wholeMatch(of: /[0-9]+(\.[0-9]+)?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?/) == nil {
      fail(key, "\"\(text.prefix(80))\" is not a Kubernetes quantity", hint: "write \(key): \(example)")
    } else if let text {
      check(key) { _ = try Quantity(text, key: key) }
    }
    return text
  }

  /// Turns an error of a check by OpzKubernetes or OpzDeploy into a problem of the key.
  fileprivate func check(_ key: String, _ test: () throws -> Void) {
    do { try test() } catch {
      let error = error as? any ExplainedError
      fail(key, error?.reason ?? "not valid", hint: error?.hint)
    }
  }
}

extension JSONValue {
  /// A part of opz.yaml that is passed through without interpretation.
  fileprivate init(_ node: YAMLNode) {
    switch node.value {
    case .null: self = .null
    case .flag(let text): self = .bool(text.lowercased() == "true")
    case .integer(let number): self = .integer(Int64(number))
    case .number(let text): self = Double(text).map { .number($0) } ?? .string(text)
    case .text(let text): self = .string(text)
    case .list(let items): self = .array(items.map { JSONValue($0) })
    case .map(let pairs):
      self = .object(Dictionary(pairs.map { ($0.key, JSONValue($0.value)) }, uniquingKeysWith: { _, last in last }))
    }
  }
}
