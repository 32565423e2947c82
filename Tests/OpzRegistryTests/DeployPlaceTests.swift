import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzRegistry

@Suite("Places of deploys, and complete deploys")
struct DeployPlaceTests {
  @Test(
    "places written by this opz and by earlier ones are read",
    arguments: [
      ("scoring", "scoring", false), ("scoring/batch", "scoring", true), ("-", nil, false), ("-/batch", nil, true),
      ("kubernetes/scoring/prod", "scoring", false), ("keda/-/dev", nil, false),
      ("kserve/scoring/dev/batch", "scoring", true), ("knative/batch/prod", "batch", false),
      ("", "", false), ("a/b", "a/b", false), ("a/b/c/d/e", "a/b/c/d/e", false),
    ] as [(String, String?, Bool)])
  func parsed(text: String, namespace: String?, isBatch: Bool) {
    #expect(DeployPlace(text) == DeployPlace(namespace: namespace, isBatch: isBatch))
    #expect(DeployPlace(DeployPlace(text).text) == DeployPlace(text))
  }

  @Test("an unknown cluster may be the same place, another namespace is not")
  func same() {
    let known = DeployPlace(cluster: "https://a", namespace: "scoring")
    #expect(known.mayBe(DeployPlace(namespace: "scoring")) && DeployPlace(namespace: "scoring").mayBe(known))
    #expect(!known.mayBe(DeployPlace(cluster: "https://b", namespace: "scoring")))
    #expect(!known.mayBe(DeployPlace(namespace: "other")))
    #expect(!known.mayBe(DeployPlace(namespace: "scoring", isBatch: true)))
    #expect(!known.mayBe(DeployPlace(namespace: nil)))
    #expect(known.mayBe(DeployPlace(namespace: nil).settled(in: "scoring")))
  }

  /// `w1` is a complete deploy of the manifests 1, `f1` one that failed, `k1` one that was killed, `r1` a rollback to
  /// the complete deploy of 1 and `R1` a rollback that failed.
  @Test(
    "a rollback goes to the last complete deploy",
    arguments: [
      ("w1", nil), ("w1 w1", nil), ("w1 w2", "1"), ("w1 w2 f3", "2"), ("w1 w2 k3", "2"), ("f1", nil), ("f1 w2", nil),
      ("w1 f2 f3", "1"), ("w1 f2 w3", "1"), ("w1 w2 f2", "2"), ("w1 w2 w3 r2", "1"), ("w1 w2 f3 r2", "1"),
      ("w1 w2 w3 r2 r1", nil), ("w1 w2 w3 R2", "2"), ("w1 w2 R1 w3", "2"), ("w1 w2 f3 r2 w4", "2"), ("k1 f2", nil),
    ] as [(String, String?)])
  func previous(log: String, expected: String?) throws {
    var state = ModelState()
    var whole: [Character: String] = [:]
    for (index, step) in log.split(separator: " ").enumerated() {
      let (kind, content) = (step.first ?? "?", step.last ?? "?")
      let hash = Digest.of(Array("\(index)".utf8)).hex
      let blob = Descriptor(
        mediaType: Registry.manifestsType, digest: Digest.of(Array("\(content)".utf8)), size: 1)
      var details: [String: JSONValue] = ["place": .string("scoring"), "manifests": try JSONValue(encoding: blob)]
      if kind != "w" { details["attempt"] = .bool(true) }
      if kind == "r" || kind == "R" { details["restores"] = whole[content].map { .string($0) } }
      state.apply(entry(index * 2 + 1, hash, details: details))
      if kind == "w" || kind == "r" { whole[content] = whole[content] ?? hash }
      guard kind != "w", kind != "k" else { continue }
      let outcome = kind == "r" ? "whole" : "failed"
      state.apply(
        entry(
          index * 2 + 2, Digest.of(Array("o\(index)".utf8)).hex,
          details: ["of": .string(hash), "outcome": .string(outcome)]))
    }
    let found = state.previousDeploy(in: DeployPlace(namespace: "scoring"))?.before.manifests.digest
    #expect(found == expected.map { Digest.of(Array($0.utf8)) })
  }

  private func entry(_ number: Int, _ hash: String, details: [String: JSONValue]) -> EventLog.Entry {
    let event = Event(
      kind: .deployed, model: "churn", version: "1.0.0", at: "2026-11-28T00:00:00.000Z", actor: "t", number: number,
      heads: [], image: Digest.of([]), details: details)
    return EventLog.Entry(hash: hash, event: event)
  }

  @Test("an outcome of an unknown deploy, or a malformed one, is ignored")
  func strays() {
    var state = ModelState()
    state.apply(entry(1, Digest.of([1]).hex, details: ["of": .string("nothing"), "outcome": .string("whole")]))
    state.apply(entry(2, Digest.of([2]).hex, details: ["of": .integer(1), "outcome": .bool(true)]))
    #expect(state.deploys.isEmpty)
  }
}
