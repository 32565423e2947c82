import OpzDeploy
import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@Suite("Kustomize and Helm give the plain objects")
struct OutputFormTests {
  private func write(_ files: [Manifests.File], to directory: TemporaryDirectory) throws {
    for file in files { try directory.write("out/" + file.name, file.text) }
  }

  private func kubectl(_ arguments: [String], input: String = "") async throws -> ChildProcess.Output {
    try await blocking { try Kubectl.run(arguments, input: input) }
  }

  private func same(_ one: String, _ other: String, directory: TemporaryDirectory) async throws {
    let paths = try [directory.write("one.yaml", one), directory.write("other.yaml", other)]
    let result = try await Scenario.python("same_objects.py", paths.map(\.string))
    #expect(result.status == 0, "\(result.errorText)")
  }

  @Test("kubectl kustomize builds the objects of the stream", arguments: Scenario.allCases)
  func plain(scenario: Scenario) async throws {
    let manifests = try scenario.manifests
    let directory = try TemporaryDirectory()
    try write(manifests.files, to: directory)
    let built = try await kubectl(["kustomize", directory.path.appending("out").string])
    try #require(built.status == 0, "\(built.errorText)")
    try await same(manifests.stream, built.text, directory: directory)
  }

  @Test("each overlay is the plain output of its profile", arguments: Scenario.allCases, DeployProfile.allCases)
  func overlay(scenario: Scenario, profile: DeployProfile) async throws {
    let directory = try TemporaryDirectory()
    try write(DeployForm.kustomize.files(scenario.plan, scenario.purpose, scenario.manifests), to: directory)
    let built = try await kubectl(["kustomize", directory.path.appending("out/overlays/\(profile.rawValue)").string])
    try #require(built.status == 0, "\(built.errorText)")
    try await same(
      Manifests(scenario.plan, scenario.purpose, profile: profile).stream, built.text, directory: directory)
  }

  @Test("the dev overlay has fewer pods and no disruption budget")
  func dev() throws {
    let files = try DeployForm.kustomize.files(Scenario.native.plan, .serving(), Scenario.native.manifests)
    let names = files.map(\.name)
    #expect(names.contains("overlays/prod/poddisruptionbudget.yaml"))
    #expect(!names.contains("base/poddisruptionbudget.yaml"))
    let patch = try #require(files.first { $0.name == "overlays/dev/patch-horizontalpodautoscaler.yaml" })
    #expect(
      patch.text == """
        - op: replace
          path: /spec/minReplicas
          value: 1
        - op: replace
          path: /spec/maxReplicas
          value: 2

        """)
  }

  private func render(_ scenario: Scenario, _ values: String = "{}") async throws -> (
    ChildProcess.Output, TemporaryDirectory
  ) {
    let directory = try TemporaryDirectory()
    try write(DeployForm.helm.files(scenario.plan, scenario.purpose, scenario.manifests), to: directory)
    return (try await Scenario.python("chart.py", [directory.path.appending("out").string, values]), directory)
  }

  @Test("Helm renders the objects of the stream", arguments: Scenario.allCases)
  func helm(scenario: Scenario) async throws {
    let (result, directory) = try await render(scenario)
    try #require(result.status == 0, "\(result.errorText)")
    try await same(try scenario.manifests.stream, result.text, directory: directory)
  }

  @Test("each value changes what it describes")
  func values() async throws {
    let (result, _) = try await render(
      .monitored,
      """
      {"replicas": {"min": 3, "max": 9}, "resources": {"cpu": "2"}, "env": {"OPZ_MAX_ROWS": "7"},
       "networkPolicy": {"enabled": false}, "tolerations": [{"key": "a", "operator": "Exists"}], "startupSeconds": 30,
       "image": {"repository": "other.example/x"}}
      """)
    try #require(result.status == 0, "\(result.errorText)")
    for part in [
      "minReplicas: 3", "maxReplicas: 9", "cpu: \"2\"", "OPZ_MAX_ROWS: \"7\"", "failureThreshold: 30",
      "image: \"other.example/x@\(Scenario.digest)\"", "key: a", "kind: PrometheusRule",
    ] {
      #expect(result.text.contains(part), "\(part)")
    }
    #expect(!result.text.contains("NetworkPolicy"))
    #expect(!result.text.contains("  replicas:"))
  }

  @Test("replicas are set only if the autoscaler is off")
  func fixed() async throws {
    let (result, _) = try await render(.native, #"{"autoscaling": {"enabled": false}, "replicas": {"min": 5}}"#)
    try #require(result.status == 0, "\(result.errorText)")
    #expect(result.text.contains("  replicas: 5\n"))
    #expect(!result.text.contains("HorizontalPodAutoscaler"))
  }

  @Test("a scheduled command has its own values, even if its name is not valid in a template")
  func schedules() async throws {
    let (result, _) = try await render(
      .commands,
      """
      {"schedules": {"refresh": {"enabled": false}, "drift-report": {"cron": "5 4 * * *", "resources": {"memory": "9Gi"}}},
       "resources": {"memory": "1Gi"}, "image": {"repository": "other.example/x"}, "env": {"TABLE": "x"}}
      """)
    try #require(result.status == 0, "\(result.errorText)")
    #expect(result.text.contains("schedule: \"5 4 * * *\"") && !result.text.contains("schedule: \"0 3 * * *\""))
    #expect(result.text.matches(of: /memory: "9Gi"/).count == 2 && result.text.matches(of: /memory: "1Gi"/).count == 2)
    #expect(result.text.matches(of: /image: "?other.example\/x@/).count == 2)
    #expect(Set(result.text.matches(of: /name: (churn-[0-9a-f]{8})/).map { String($0.1) }).count == 1)
    let (refused, _) = try await render(.commands, #"{"schedules": {"other": {"enabled": true}}}"#)
    #expect(refused.status == 1)
  }

  @Test("a changed variable changes the ConfigMap's name in both places")
  func hash() async throws {
    let (result, _) = try await render(.monitored, #"{"env": {"OPZ_MAX_ROWS": "8"}}"#)
    let names = Set(result.text.matches(of: /name: (churn-[0-9a-f]{8})/).map { String($0.1) })
    #expect(names.count == 1)
    #expect(try !Scenario.monitored.manifests.stream.contains(names.first ?? "churn-"))
  }

  @Test(
    "the schema refuses values that the chart does not have",
    arguments: [
      #"{"replicas": {"mim": 1}}"#, #"{"replicas": {"min": -1}}"#, #"{"image": {"digest": "latest"}}"#,
      #"{"resources": {"memory": "256MB"}}"#, #"{"autoscaling": {"cpu": 95}}"#, #"{"replica": 1}"#,
    ])
  func schema(values: String) async throws {
    let (result, _) = try await render(.native, values)
    #expect(result.status == 1)
  }

  @Test("every value has a comment, and the schema a description")
  func documented() throws {
    let files = try DeployForm.helm.files(Scenario.monitored.plan, .serving(), Scenario.monitored.manifests)
    let values = try #require(files.first { $0.name == "values.yaml" }).text.split(separator: "\n")
    let top = values.indices.filter { values[$0].contains(/^[a-zA-Z]+:/) }
    #expect(top.count >= 12)
    for index in top { #expect(index > 0 && values[index - 1].hasPrefix("# "), "\(values[index])") }
    let schema = try #require(files.first { $0.name == "values.schema.json" }).text
    try described(CanonicalJSON.decode(JSONValue.self, from: Array(schema.utf8), subject: "schema"), "values")
  }

  private func described(_ schema: JSONValue, _ path: String) throws {
    guard case .object(let members) = schema, case .object(let properties)? = members["properties"] else { return }
    for (key, child) in properties where key != "global" {
      guard case .object(let below) = child else { continue }
      #expect(below["properties"] != nil || below["description"] != nil, "\(path).\(key)")
      try described(child, "\(path).\(key)")
    }
  }
}

/// PyPI's kubectl, in the tests' Python environment.
enum Kubectl {
  static func run(_ arguments: [String], input: String = "") throws -> ChildProcess.Output {
    let program = Python.interpreter().removingLastComponent().appending("kubectl")
    guard (try? FileStatus.of(program)) != nil else { throw MissingProgram("kubectl at \(program)") }
    return try ChildProcess.run([program.string] + arguments, input: Array(input.utf8))
  }
}
