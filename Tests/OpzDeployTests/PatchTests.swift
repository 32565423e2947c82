import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import OpzYAML
import SystemPackage
import Testing

@testable import OpzDeploy

@Suite("Patches of generated objects")
struct PatchTests {
  /// Merges that are compared with kubectl's, by kind.
  static let merges: [(kind: String, patch: String)] = [
    ("Deployment", #"{"spec":{"template":{"spec":{"priorityClassName":"high"}}}}"#),
    ("Deployment", #"{"metadata":{"annotations":{"opz.dev/digest":null,"a":"b"}}}"#),
    (
      "Deployment",
      #"{"spec":{"template":{"spec":{"containers":[{"name":"model","env":[{"name":"OPZ_DRAIN_SECONDS","value":"20"},{"name":"NEW","value":"1"}]}]}}}}"#
    ),
    (
      "Deployment",
      #"{"spec":{"template":{"spec":{"containers":[{"name":"model","env":[{"name":"OPZ_DRAIN_SECONDS","$patch":"delete"}]}]}}}}"#
    ),
    (
      "Deployment",
      #"{"spec":{"template":{"spec":{"containers":[{"name":"model","ports":[{"containerPort":9090,"name":"admin"}],"volumeMounts":[{"mountPath":"/tmp","name":"tmp","readOnly":true},{"mountPath":"/x","name":"tmp"}]}]}}}}"#
    ),
    ("Deployment", #"{"spec":{"template":{"spec":{"volumes":[{"name":"extra","emptyDir":{}}]}}}}"#),
    (
      "Deployment",
      #"{"spec":{"template":{"spec":{"volumes":[{"$retainKeys":["name","hostPath"],"name":"tmp","hostPath":{"path":"/d"}}]}}}}"#
    ),
    (
      "Deployment",
      #"{"spec":{"template":{"spec":{"tolerations":[{"key":"a","operator":"Exists"}],"topologySpreadConstraints":[{"topologyKey":"kubernetes.io/hostname","maxSkew":3,"whenUnsatisfiable":"DoNotSchedule"}]}}}}"#
    ),
    (
      "Deployment",
      #"{"spec":{"template":{"spec":{"containers":[{"name":"model","resources":{"$patch":"replace","limits":{"cpu":"1"}}}]}}}}"#
    ),
    ("Deployment", #"{"spec":{"strategy":{"$patch":"replace","type":"Recreate"}}}"#),
    (
      "Deployment",
      #"{"spec":{"template":{"spec":{"containers":[{"$patch":"replace"},{"name":"other","image":"x"}]}}}}"#
    ),
    ("Deployment", #"{"spec":{"template":{"spec":{"securityContext":{"$patch":"delete"}}}}}"#),
    ("Deployment", #"{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"a"},{"name":"b"}]}}}}"#),
    (
      "Deployment",
      #"{"spec":{"template":{"spec":{"containers":[{"name":"model","securityContext":{"capabilities":{"drop":["NET_RAW"]}}}]}}}}"#
    ),
    ("Service", #"{"spec":{"type":"NodePort","ports":[{"port":80,"nodePort":30080},{"port":81,"name":"b"}]}}"#),
    (
      "HorizontalPodAutoscaler",
      #"{"spec":{"maxReplicas":20,"behavior":{"scaleDown":{"policies":[{"type":"Pods","value":1,"periodSeconds":60}]}}}}"#
    ),
    ("NetworkPolicy", #"{"spec":{"ingress":[{"ports":[{"port":80}]}],"egress":null}}"#),
    ("PodDisruptionBudget", #"{"spec":{"maxUnavailable":null,"minAvailable":"50%"}}"#),
  ]

  static let operations: [(kind: String, patch: String)] = [
    ("Deployment", #"[{"op":"replace","path":"/spec/progressDeadlineSeconds","value":900}]"#),
    (
      "Deployment",
      #"[{"op":"add","path":"/metadata/annotations/a~1b~0c","value":"x"},{"op":"remove","path":"/metadata/annotations/opz.dev~1model"}]"#
    ),
    (
      "Deployment",
      #"[{"op":"add","path":"/spec/template/spec/containers/0/env/-","value":{"name":"A","value":"1"}},{"op":"add","path":"/spec/template/spec/containers/0/env/0","value":{"name":"B","value":"2"}}]"#
    ),
    (
      "Deployment",
      #"[{"op":"move","from":"/metadata/labels/app.kubernetes.io~1version","path":"/metadata/annotations/version"}]"#
    ),
    (
      "Deployment",
      #"[{"op":"copy","from":"/spec/template/spec/volumes/0","path":"/spec/template/spec/volumes/1"},{"op":"replace","path":"/spec/template/spec/volumes/1/name","value":"t2"}]"#
    ),
    (
      "Service",
      #"[{"op":"test","path":"/spec/type","value":"ClusterIP"},{"op":"replace","path":"/spec/type","value":"NodePort"}]"#
    ),
  ]

  private func plan(_ kind: String, merge: String? = nil, json: String? = nil) throws -> DeploymentPlan {
    func document(_ text: String) throws -> JSONValue {
      try CanonicalJSON.decode(JSONValue.self, from: Array(text.utf8), subject: "patch")
    }
    return try Scenario.churn { plan in
      var operations: [JSONValue]?
      if let json, case .array(let items) = try document(json) { operations = items }
      plan.settings.patches = [.init(kind: kind, merge: try merge.map(document), json: operations)]
    }
  }

  private func object(_ kind: String, _ manifests: Manifests) throws -> String {
    try #require(manifests.documents.first { $0.name == kind.lowercased() + ".yaml" }).text
  }

  /// Our object patched by kubectl and by us, both normalized by kubectl.
  private func compare(_ kind: String, _ type: String, patch: String, own: Manifests) async throws {
    let directory = try TemporaryDirectory()
    let before = try directory.write("before.yaml", try object(kind, try Scenario.native.manifests))
    let after = try directory.write("after.yaml", try object(kind, own))
    let results = try await blocking {
      try [(before, type, patch), (after, "merge", "{}")].map { file, type, patch in
        try Kubectl.run(["patch", "--local", "--type", type, "-f", file.string, "-p", patch, "-o", "yaml"])
      }
    }
    for result in results { try #require(result.status == 0, "\(result.errorText)") }
    let files = try zip(["theirs.yaml", "ours.yaml"], results).map { try directory.write($0, $1.text) }
    let same = try await Scenario.python("same_objects.py", files.map(\.string) + ["unordered"])
    #expect(same.status == 0, "\(same.errorText)")
  }

  @Test("a strategic merge gives the same object as kubectl's", arguments: merges)
  func merge(kind: String, patch: String) async throws {
    try await compare(kind, "strategic", patch: patch, own: Manifests(plan(kind, merge: patch)))
  }

  @Test("RFC 6902 operations give the same object as kubectl's", arguments: operations)
  func json(kind: String, patch: String) async throws {
    try await compare(kind, "json", patch: patch, own: Manifests(plan(kind, json: patch)))
  }

  @Test("in a custom resource, a list replaces the old list")
  func custom() throws {
    let plan = try Scenario.churn { plan in
      plan.target = .keda
      plan.settings.patches = [
        .init(
          kind: "ScaledObject",
          merge: .object(["spec": .object(["triggers": .array([.object(["type": .string("cron")])])])]))
      ]
    }
    let text = try #require(Manifests(plan).documents.first { $0.name == "scaledobject.yaml" }).text
    #expect(text.contains("  triggers:\n  - type: cron\n"))
    #expect(!text.contains("type: cpu"))
  }

  static let refused: [(DeploySettings.Patch, String)] = [
    (
      .init(kind: "StatefulSet", merge: .object([:])),
      "deploy.patches.0: there is no StatefulSet in these objects"
    ),
    (
      .init(kind: "Deployment", name: "other", merge: .object([:])),
      "deploy.patches.0: there is no Deployment other in these objects"
    ),
    (
      .init(kind: "Deployment", merge: .object(["spec": .object(["$patch": .string("move")])])),
      "deploy.patches.0.merge.spec: $patch: move is not merge, replace or delete"
    ),
    (
      .init(
        kind: "Service", merge: .object(["spec": .object(["ports": .array([.object(["name": .string("a")])])])])),
      "deploy.patches.0.merge.spec.ports: an item has no port, which identifies it"
    ),
    (
      .init(kind: "Service", merge: .object(["metadata": .object(["name": .null])])),
      "deploy.patches.0: it removes the object's kind or name"
    ),
    (
      .init(kind: "Service", json: [.object(["op": .string("remove"), "path": .string("/spec/x")])]),
      "deploy.patches.0.json.0: nothing exists at /spec/x"
    ),
    (
      .init(
        kind: "Service",
        json: [.object(["op": .string("replace"), "path": .string("/spec/ports/7"), "value": .integer(1)])]),
      "deploy.patches.0.json.0: nothing exists at /spec/ports/7"
    ),
    (
      .init(
        kind: "Service",
        json: [.object(["op": .string("add"), "path": .string("/spec/ports/99999999999999999999"), "value": .null])]),
      "deploy.patches.0.json.0: nothing exists at /spec/ports/99999999999999999999"
    ),
    (
      .init(
        kind: "Service",
        json: [.object(["op": .string("test"), "path": .string("/spec/type"), "value": .string("x")])]),
      "deploy.patches.0.json.0: the value at /spec/type is different"
    ),
    (
      .init(
        kind: "Service",
        json: [.object(["op": .string("move"), "from": .string("/spec"), "path": .string("/spec/type")])]),
      "deploy.patches.0.json.0: /spec cannot be moved into itself"
    ),
    (
      .init(kind: "Service", json: [.object(["op": .string("add"), "path": .string("spec"), "value": .null])]),
      "deploy.patches.0.json.0: \"spec\" is not a JSON pointer"
    ),
    (
      .init(kind: "Service", json: [.object(["op": .string("merge"), "path": .string("/a")])]),
      "deploy.patches.0.json.0: \"merge\" is not an operation"
    ),
  ]

  @Test("a patch that cannot be applied is refused with its key", arguments: refused)
  func refusal(patch: DeploySettings.Patch, message: String) throws {
    let plan = try Scenario.churn { $0.settings.patches = [patch] }
    let error = #expect(throws: DeployError.self) { _ = try Manifests(plan) }
    #expect(error?.code == .badPatch)
    #expect(error.map { "\($0.subject): \($0.reason)" } == message)
  }

  private func patch(_ operations: [[String: JSONValue]]) throws -> JSONPatch {
    try JSONPatch(operations.map { .object($0) }, subject: "deploy.patches.0.json")
  }

  @Test("copies of copies are refused before they fill the memory")
  func doubling() throws {
    let copies: [[String: JSONValue]] = (0..<64).map { index in
      ["op": "copy", "from": "", "path": .string("/a\(index)")]
    }
    let start = YAMLValue(JSONValue.object(["x": .array(Array(repeating: .integer(1), count: 1000))]))
    let error = #expect(throws: DeployError.self) { try patch(copies).apply(to: start) }
    #expect(error?.code == .badPatch && error?.reason.contains("more than 100000 values") == true)
    _ = try patch(Array(copies.prefix(4))).apply(to: start)
  }

  @Test("no operation nests a document deeper than the reader's limit", arguments: ["add", "replace", "copy", "move"])
  func nesting(_ name: String) throws {
    var deep = JSONValue.integer(1)
    for _ in 0..<150 { deep = .array([deep]) }
    let document = YAMLValue(JSONValue.object(["a": deep, "b": deep]))
    let place = JSONValue.string("/b" + String(repeating: "/0", count: 100))
    let operation: [String: JSONValue] =
      ["copy", "move"].contains(name)
      ? ["op": .string(name), "from": "/a", "path": place] : ["op": .string(name), "path": place, "value": deep]
    let error = #expect(throws: DeployError.self) { try patch([operation]).apply(to: document) }
    #expect(error?.reason.contains("nested deeper") == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test("paths of 100,000 parts are refused", arguments: ["add", "remove", "replace", "test"])
  func longPath(_ name: String) throws {
    let document = YAMLValue(JSONValue.object(["a": .array([.integer(1)])]))
    let path = JSONValue.string(String(repeating: "/a", count: 100_000))
    let error = #expect(throws: DeployError.self) {
      try patch([["op": .string(name), "path": path, "value": .integer(1)]]).apply(to: document)
    }
    #expect(error?.code == .badPatch && (error?.reason.utf8.count ?? 0) < 500)
  }
}
