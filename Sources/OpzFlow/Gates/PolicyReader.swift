import OpzDatabase
import OpzIO
import OpzRegistry
import OpzTrust
import OpzYAML

/// Parses `policy.yaml`.
///
/// An empty key is an error, because its author believes that there is a gate. An explicit `false` requires nothing;
/// but an alias without any requirement does not belong in the file.
struct PolicyReader {
  let problems: KeyProblems

  init(file: String) { problems = KeyProblems(file: file) }

  func policy(_ node: YAMLNode?) -> RegistryPolicy {
    var policy = RegistryPolicy()
    let root = mapping(node, path: "", keys: ["opz", "promote", "retention"])
    if root.integer("opz", in: 1...1) == nil, root.node("opz") == nil { root.require("opz", hint: "write opz: 1") }
    if let node = root.node("promote"), let aliases = members(node, "promote", of: "aliases to gates") {
      for member in aliases {
        let path = "promote.\(member.key)"
        guard let alias = AliasName(member.key) else {
          problems.add(
            path, line: member.place.line, "not a valid alias",
            hint: "a lower-case letter, then letters, digits, - _ or ., at most 63")
          continue
        }
        policy.promote[alias] = gates(member.value, before: alias, path, line: member.place.line)
      }
    }
    if let node = root.node("retention") { policy.retention = retention(node) }
    if root.node("promote") == nil, root.node("retention") == nil {
      problems.add(
        "", line: node?.line ?? 1, "it requires nothing", hint: "write promote: or retention:, or remove the file")
    }
    return policy
  }

  private func retention(_ node: YAMLNode) -> RegistryPolicy.Retention {
    let scope = mapping(node, path: "retention", keys: ["last", "days", "tagged", "aliased"])
    let retention = RegistryPolicy.Retention(
      last: scope.integer("last", in: 1...1_000_000), days: scope.integer("days", in: 0...100_000),
      tagged: scope.flag("tagged") ?? true, aliased: scope.flag("aliased") ?? true)
    if !node.members.isEmpty, !scope.has("last"), !scope.has("days") {
      problems.add(
        "retention", line: node.line, "it has no rule for what to delete", hint: "write retention: {last: 10, days: 90}"
      )
    }
    return retention
  }

  // MARK: Gates

  private func gates(_ node: YAMLNode, before alias: AliasName, _ path: String, line: Int) -> RegistryPolicy.Gates {
    let keys = ["from", "metrics", "better", "tests", "clean", "approvals", "sbom", "signature", "scan", "sql"]
    let before = problems.all.count
    let scope = mapping(node, path: path, keys: keys)
    var gates = RegistryPolicy.Gates()
    gates.from = from(scope, alias)
    gates.metrics = metrics(scope)
    gates.better = better(scope)
    gates.tests = scope.flag("tests") ?? false
    gates.clean = scope.flag("clean") ?? false
    gates.approvals = approvals(scope)
    gates.signature = signature(scope)
    gates.sbom = sbom(scope)
    gates.scan = scan(scope)
    gates.sql = sql(scope)
    if gates.isEmpty, !node.isNull, problems.all.count == before {
      problems.add(
        path, line: line, "it requires nothing", hint: "write a gate, such as tests: true, or remove \(alias)")
    }
    return gates
  }

  private func from(_ scope: YAMLScope, _ alias: AliasName) -> String? {
    guard let text = scope.text("from") else { return nil }
    if AliasName(text) == nil { scope.fail("from", "\"\(text)\" is not a valid alias", hint: "write from: staging") }
    if text == alias.description { scope.fail("from", "it names itself", hint: "write the alias that comes before it") }
    return text
  }

  private func metrics(_ scope: YAMLScope) -> [RegistryPolicy.Threshold] {
    guard let node = scope.node("metrics"),
      let pairs = members(node, "\(scope.path).metrics", of: "metrics to thresholds")
    else { return [] }
    return pairs.sorted { $0.key < $1.key }.compactMap { pair in
      if case .text(let text) = pair.value.value, let threshold = PolicyReader.threshold(pair.key, text) {
        return threshold
      }
      if !pair.value.isNull {
        problems.add(
          "\(scope.path).metrics.\(pair.key)", line: pair.place.line,
          "\"\(pair.value.written ?? pair.value.kind)\" is not a threshold",
          hint: "write \(pair.key): \">= 0.9\"")
      }
      return nil
    }
  }

  private func better(_ scope: YAMLScope) -> [RegistryPolicy.Gain] {
    guard let node = scope.node("better"), let pairs = members(node, "\(scope.path).better", of: "metrics to numbers")
    else { return [] }
    return pairs.compactMap { pair in
      switch pair.value.value {
      case .integer, .number:
        if let gain = pair.value.written.flatMap(Double.init), gain.isFinite {
          return RegistryPolicy.Gain(metric: pair.key, least: gain)
        }
      case .null: return nil
      default: break
      }
      problems.add(
        "\(scope.path).better.\(pair.key)", line: pair.place.line, "\(pair.value.kind) where a number belongs",
        hint: "write \(pair.key): 0.002, or -0.01 if lower is better")
      return nil
    }
  }

  private func approvals(_ scope: YAMLScope) -> RegistryPolicy.Approvals? {
    guard let node = scope.node("approvals"), !node.isNull else { return nil }
    guard node.isMap else {
      let count = scope.integer("approvals", in: 0...100) ?? 0
      return count == 0 ? nil : RegistryPolicy.Approvals(count: count, keys: [])
    }
    let inner = mapping(node, path: "\(scope.path).approvals", keys: ["count", "keys"])
    let keys = texts(inner, "keys")
    let hint = "write approvals: {count: 1, keys: [keys/ann.pub]}, or approvals: 1 for unsigned ones"
    if inner.node("keys") == nil { inner.require("keys", hint: hint) }
    let count = inner.integer("count", in: 1...100) ?? 1
    if count > keys.count, !keys.isEmpty {
      inner.fail("count", "\(count) approvals cannot come from \(keys.count) key\(keys.count == 1 ? "" : "s")")
    }
    return RegistryPolicy.Approvals(count: count, keys: keys)
  }

  private func signature(_ scope: YAMLScope) -> RegistryPolicy.Signature? {
    guard let node = scope.node("signature"), !node.isNull else { return nil }
    let hint = "write signature: {keys: [keys/release.pub]}; opz sign --generate-key makes a key"
    guard node.isMap else {
      scope.fail("signature", "the keys that count are missing", hint: hint)
      return nil
    }
    let inner = mapping(node, path: "\(scope.path).signature", keys: ["keys", "match"])
    let keys = texts(inner, "keys")
    if inner.node("keys") == nil { inner.require("keys", hint: hint) }
    let match = inner.text("match") ?? "all"
    if !["all", "any"].contains(match) { inner.fail("match", "\"\(match)\" is neither all nor any") }
    return RegistryPolicy.Signature(keys: keys, any: match == "any")
  }

  private func sbom(_ scope: YAMLScope) -> RegistryPolicy.Attested? {
    guard let node = scope.node("sbom"), !node.isNull else { return nil }
    guard node.isMap else { return scope.flag("sbom") == true ? RegistryPolicy.Attested(keys: []) : nil }
    let inner = mapping(node, path: "\(scope.path).sbom", keys: ["keys"])
    return RegistryPolicy.Attested(keys: texts(inner, "keys"))
  }

  private func scan(_ scope: YAMLScope) -> RegistryPolicy.Scan? {
    guard let node = scope.node("scan"), !node.isNull else { return nil }
    switch node.value {
    case .text("clean"): return RegistryPolicy.Scan()
    case .flag: return scope.flag("scan") == true ? RegistryPolicy.Scan() : nil
    case .map: break
    default:
      scope.fail(
        "scan", "\(node.kind) where clean belongs", hint: "write scan: clean, or scan: {tools: [opz], days: 30}")
      return nil
    }
    let inner = mapping(node, path: "\(scope.path).scan", keys: ["tools", "days", "keys", "allow"])
    let allow = texts(inner, "allow")
    for (index, name) in allow.enumerated() {
      do { try PickleAllowlist.check(name) } catch {
        let reason = (error as? any ExplainedError)?.reason ?? "\(error)"
        inner.fail("allow", at: index, "\(name): \(reason)", hint: "write package.module.Name or package.*")
      }
    }
    return RegistryPolicy.Scan(
      keys: texts(inner, "keys"), days: inner.integer("days", in: 0...100_000), tools: texts(inner, "tools"),
      allow: allow)
  }

  private func sql(_ scope: YAMLScope) -> RegistryPolicy.SQL? {
    guard let node = scope.node("sql"), !node.isNull else { return nil }
    switch node.value {
    case .text("verified"): return RegistryPolicy.SQL()
    case .flag: return scope.flag("sql") == true ? RegistryPolicy.SQL() : nil
    case .map: break
    default:
      scope.fail(
        "sql", "\(node.kind) where verified belongs",
        hint: "write sql: verified, or sql: {engines: [postgresql], days: 30}")
      return nil
    }
    let inner = mapping(node, path: "\(scope.path).sql", keys: ["engines", "days", "keys"])
    let engines = texts(inner, "engines")
    for (index, name) in engines.enumerated() where DatabaseURL.Engine(rawValue: name) == nil {
      let known = DatabaseURL.Engine.allCases.map(\.rawValue).joined(separator: ", ")
      inner.fail("engines", at: index, "opz sql verify does not know \(name)", hint: "write one of \(known)")
    }
    return RegistryPolicy.SQL(
      keys: texts(inner, "keys"), days: inner.integer("days", in: 0...100_000), engines: engines)
  }

  // MARK: Parts

  /// A mapping with known keys; missing values are reported.
  private func mapping(_ node: YAMLNode?, path: String, keys: [String]) -> YAMLScope {
    let scope = YAMLScope(node, path: path, keys: keys, problems)
    guard let node else { return scope }
    if node.isMap, node.members.isEmpty {
      problems.add(
        path, line: node.line, "it requires nothing", hint: "write \(keys.joined(separator: ", ")), or remove it")
    }
    requireValues(node.members.filter { keys.contains($0.key) }, path)
    return scope
  }

  /// The pairs of a mapping with user-defined keys; nil if the node is not a mapping.
  private func members(_ node: YAMLNode, _ path: String, of what: String) -> [YAMLNode.Member]? {
    guard node.isMap else {
      // A null value was already reported with its mapping.
      if !node.isNull { problems.add(path, line: node.line, "\(node.kind) where a mapping of \(what) belongs") }
      return nil
    }
    if node.members.isEmpty {
      problems.add(path, line: node.line, "it requires nothing", hint: "fill it, or remove it")
    }
    for member in node.members where !member.key.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) {
      problems.add(path, line: member.place.line, "a key in it is empty")
    }
    requireValues(node.members, path)
    return node.members
  }

  private func requireValues(_ members: [YAMLNode.Member], _ path: String) {
    for member in members where member.value.isNull {
      problems.add(
        path.isEmpty ? member.key : "\(path).\(member.key)", line: member.place.line, "it has no value",
        hint: "write the value, or remove the key")
    }
  }

  /// A nonempty list of distinct, nonempty strings.
  private func texts(_ scope: YAMLScope, _ key: String) -> [String] {
    guard let node = scope.node(key), !node.isNull else { return [] }
    let items = scope.texts(key)
    if case .list(let all) = node.value, all.isEmpty {
      scope.fail(key, "the list is empty", hint: "list at least one, or remove the key")
    }
    var seen: Set<String> = []
    for (index, text) in items {
      if !text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) {
        scope.fail(key, at: index, "it is empty")
      } else if !seen.insert(text).inserted {
        scope.fail(key, at: index, "duplicate \(text)")
      }
    }
    return items.map(\.text)
  }

  private static func threshold(_ metric: String, _ text: String) -> RegistryPolicy.Threshold? {
    let trimmed = text.filter { $0 != " " }
    for comparison in ["<=", ">=", "==", "<", ">", "="] where trimmed.hasPrefix(comparison) {
      guard let value = Double(trimmed.dropFirst(comparison.count)), value.isFinite else { return nil }
      return RegistryPolicy.Threshold(
        metric: metric, comparison: comparison == "==" ? "=" : comparison, value: value)
    }
    return nil
  }
}
