import OpzIO
import OpzRegistry
import OpzTestKit
import OpzYAML
import Testing

@testable import OpzFlow

/// One byte of policy.yaml that was forgotten, typed twice, or mistaken for another takes no gate away without a word.
@Suite("policy.yaml with a slip of the pen")
struct PolicyTypoTests {
  static let text = """
    opz: 1
    promote:
      staging: {tests: true}
      production:
        from: staging
        metrics: {auc: ">= 0.9", loss: "< 0.3"}
        better: {auc: 0.002}
        tests: true
        clean: true
        approvals: {count: 2, keys: [ann.pub, bob.pub]}
        signature:
          keys: [keys/release.pub]
          match: all
        sbom: true
        scan: {tools: [opz], days: 30, keys: [keys/scan.pub], allow: [mine.Name]}
        sql: {engines: [sqlite], days: 30, keys: [keys/sql.pub]}

    """

  /// What the gates before an alias ask for, without their values: a comma in the name of a key makes two keys of it.
  static func kinds(_ gates: RegistryPolicy.Gates?) -> [String] {
    guard let gates else { return [] }
    var kinds = gates.metrics.map { _ in "metric" } + gates.better.map { _ in "better" }
    if gates.from != nil { kinds.append("from") }
    if gates.tests { kinds.append("tests") }
    if gates.clean { kinds.append("clean") }
    if let approvals = gates.approvals { kinds.append("approvals \(approvals.keys.isEmpty)") }
    if let signature = gates.signature { kinds.append("signature \(signature.keys.isEmpty) \(signature.any)") }
    if let sbom = gates.sbom { kinds.append("sbom \(sbom.keys.isEmpty)") }
    if let scan = gates.scan {
      kinds.append("scan \(scan.tools.isEmpty) \(scan.keys.isEmpty) \(scan.allow.isEmpty) \(scan.days == nil)")
    }
    if let sql = gates.sql { kinds.append("sql \(sql.engines) \(sql.keys.isEmpty) \(sql.days == nil)") }
    return kinds
  }

  /// The gates before the two aliases of a text; nil where it is an error. An alias whose own name was mistyped has gates under the other one.
  static func read(_ text: String) throws -> Set<[String]>? {
    do {
      let policy = try RegistryPolicy.read(text, file: "policy.yaml")
      return Set(policy.promote.values.map(kinds))
    } catch is ConfigError {
      return nil
    }
  }

  enum Slip: String, CaseIterable {
    case forgotten, twice, swapped, replaced
  }

  private func texts(_ slip: Slip, at place: Int) -> [[UInt8]] {
    var bytes = Array(Self.text.utf8)
    switch slip {
    case .forgotten: bytes.remove(at: place)
    case .twice: bytes.insert(bytes[place], at: place)
    case .swapped:
      guard place + 1 < bytes.count else { return [] }
      bytes.swapAt(place, place + 1)
    case .replaced:
      // Except by the mark of a comment, which is a word of its own.
      return Array("abtxyz019 .,:;-_'\"[]{}()&*!|>%@\\/?~\n\tAT".utf8).map { byte in
        var copy = bytes
        copy[place] = byte
        return copy
      }
    }
    return [bytes]
  }

  @Test(
    "each byte forgotten, typed twice, swapped with the next, replaced: an error, or all gates stand",
    arguments: Slip.allCases)
  func slips(_ slip: Slip) throws {
    let whole = try #require(try Self.read(Self.text))
    #expect(whole.count == 2)
    var accepted = 0
    for place in Self.text.utf8.indices.map({ Self.text.utf8.distance(from: Self.text.startIndex, to: $0) }) {
      for bytes in texts(slip, at: place) where bytes != Array(Self.text.utf8) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let gates = try Self.read(text) else { continue }
        accepted += 1
        #expect(gates == whole, "byte \(place) \(slip.rawValue): \(text)")
      }
    }
    // Names, numbers and white space may be others.
    #expect(accepted > 50)
  }

  @Test("a policy under another name is an error and not none", arguments: ["policy.yml", "Policy.yaml", "POLICY.YML"])
  func names(_ name: String) async throws {
    let model = try await GatedModel()
    let path = model.project.session.registryPath
    try Durable.replace(path.appending(name), with: Array(Self.text.utf8))
    let error = #expect(throws: ConfigError.self) { try RegistryPolicy.of(model.registry()) }
    #expect(error.map { "\($0)".contains(name) } == true)
    await #expect(throws: ConfigError.self) { try await model.move("1.0.0", .plain).run(model.registry()) }
    // What an editor leaves is no policy.
    try Durable.remove(path.appending(name))
    for other in ["policy.yaml~", ".policy.yaml.swp", "policy.yaml.bak"] {
      try Durable.replace(path.appending(other), with: [])
    }
    _ = try await model.move("1.0.0", .plain).run(model.registry())
  }
}
