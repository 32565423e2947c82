import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzTrust
import SystemPackage

@testable import OpzFlow

/// A model with two versions, 1.0.0 (auc 0.90) and 1.1.0 (auc 0.91), in a registry with a policy.
struct GatedModel {
  let project: Project
  let name: ModelName

  init(policy: String? = nil, weights: [String] = ["one", "two"]) async throws {
    project = try Project.model(yaml: "lineage: {metrics: metrics.json}")
    name = try ModelName("crm/weights")
    for (weights, auc) in zip(weights, ["0.90", "0.91"]) {
      try project.directory.write("p/weights.bin", weights)
      try project.directory.write("p/metrics.json", "{\"auc\": \(auc), \"loss\": 0.2}")
      _ = try await project.package()
    }
    if let policy { try write(policy: policy) }
  }

  /// The gates of production in policy.yaml; nil removes the file.
  func write(policy gates: String?, before alias: String = "production") throws {
    try write(file: gates.map { "opz: 1\npromote: {\(alias): \($0)}\n" })
  }

  func write(file: String?) throws {
    let path = project.session.registryPath.appending("policy.yaml")
    if let file { try Durable.replace(path, with: Array(file.utf8)) } else { try Durable.remove(path) }
  }

  func registry() throws -> Registry { try project.registry() }

  func find(_ text: String) throws -> Registry.Version {
    try registry().find(LocalReference(parsing: "\(name)@\(text)"))
  }

  func session(_ actor: String = "tester") -> Session {
    var session = project.session
    session.environment["OPZ_ACTOR"] = actor
    return session
  }

  func move(
    _ text: String, _ way: MoveAlias.Way = .promotion, to alias: String = "production", by actor: String = "tester",
    change: (inout MoveAlias) throws -> Void = { _ in }
  ) throws -> MoveAlias {
    var move = MoveAlias(try find(text), to: try AliasName(parsing: alias), way, in: session(actor))
    try change(&move)
    return move
  }

  /// The gates that do not pass.
  func failing(_ text: String = "1.1.0", by actor: String = "tester") async throws -> [GateResult] {
    try await move(text, by: actor).check(registry()).filter { !$0.passed }
  }

  func target(_ alias: String = "production") throws -> String? {
    try registry().state(name).target(AliasName(parsing: alias))?.description
  }

  func lastEvent() throws -> Event { try registry().log(name).entries().last!.event }

  /// Makes `NAME.key` and `NAME.pub` in the registry.
  func key(_ name: String = "release") throws -> PrivateKey {
    let made = try KeyFiles.generate(
      .ecdsaP256, at: project.session.registryPath.appending(name), password: nil, in: project.session)
    return try KeyFiles.privateKey(made.secret, password: nil, in: project.session)
  }

  func sign(_ text: String, with key: PrivateKey) async throws {
    _ = try await SignVersion(find(text), identity: nil, in: project.session).run(registry(), with: key)
  }

  /// `opz scan --attach`
  func scan(_ text: String, allowing: [String] = [], with key: PrivateKey? = nil) async throws {
    let version = try find(text)
    let scan = ScanVersion(version, allowed: allowing, in: project.session)
    let report = try await scan.run(registry())
    _ = try await AttestVersion(version, in: project.session).run(
      .scan, scan.sarif(report), with: key, from: .scan, subject: "scan", registry: registry())
  }

  /// Attaches a verdict that somebody else wrote.
  func attach(
    _ sarif: String, to text: String, from source: ModelState.Attachment.Source?, at: Timestamp = .now()
  ) throws {
    try registry().attach(
      Array(sarif.utf8), ScanVerdict.mediaType, to: find(text), from: source, by: Author(actor: "mallory", at: at))
  }

  /// A SARIF log with one run.
  static func sarif(_ tool: String, _ level: String? = nil, end: String? = nil, properties: String = "{}") -> String {
    let results = level.map { #"{"level":"\#($0)","message":{"text":"CVE-1"}}"# } ?? ""
    let invocations = end.map { #","invocations":[{"executionSuccessful":true,"endTimeUtc":"\#($0)"}]"# } ?? ""
    return
      #"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"\#(tool)"}},"results":[\#(results)]\#(invocations),"properties":\#(properties)}]}"#
  }
}
