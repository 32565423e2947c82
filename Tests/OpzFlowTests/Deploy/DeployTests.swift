import OpzDeploy
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@Suite("Deploys: comparison and rollback")
struct DeployTests {
  let project: Project

  init() throws { project = try Project() }

  /// A version with a custom image, so that no server is needed.
  private func version(_ number: String, max: Int) async throws -> Registry.Version {
    try project.directory.write("p/weights.bin", "weights \(number)")
    try project.directory.write(
      "p/opz.yaml",
      """
      opz: 1
      name: churn
      version: \(number)
      model: {path: weights.bin}
      runtime: {kind: custom, base: scratch, command: [/serve], expose: 9000}
      deploy: {replicas: {min: 2, max: \(max)}, rollout: \(number == "3.0.0" ? "{strategy: canary, gateway: gw}" : "")}

      """)
    return try await project.package().version
  }

  private func deploy(_ version: Registry.Version, _ change: (inout DeployRequest) -> Void = { _ in }) throws
    -> DeployVersion
  {
    var request = DeployRequest(repository: try Reference(parsing: "registry.example/crm/churn"))
    change(&request)
    return DeployVersion(version, request, in: project.session)
  }

  @Test("a deploy is compared with the last one to the same place")
  func difference() async throws {
    let registry = try project.session.createRegistry()
    let first = try deploy(try await version("1.0.0", max: 10))
    let old = try await first.manifests()
    #expect(try await first.difference(old, registry) == nil)
    try await first.record(old, registry)
    #expect(try await first.difference(old, registry) == "")
    let second = try deploy(try await version("1.1.0", max: 20))
    let new = try await second.manifests()
    let text = try #require(try await second.difference(new, registry))
    #expect(text.contains("--- a/HorizontalPodAutoscaler churn\n"))
    #expect(text.contains("-  maxReplicas: 10\n+  maxReplicas: 20\n"))
    #expect(!text.contains("NetworkPolicy churn\n@@ -1"))
    let other = try deploy(try await version("1.1.0", max: 20)) { $0.namespace = "ml" }
    let elsewhere = try await other.manifests()
    #expect(elsewhere.place == DeployPlace(namespace: "ml") && new.place == DeployPlace(namespace: nil))
    #expect(try await other.difference(elsewhere, registry) == nil)
  }

  @Test("a rollback brings the previous manifests back byte for byte, and a second one goes back further")
  func rollback() async throws {
    let registry = try project.session.createRegistry()
    var streams: [String] = []
    for (number, most) in [("1.0.0", 10), ("1.1.0", 20), ("2.0.0", 2)] {
      let deploy = try deploy(try await version(number, max: most))
      let result = try await deploy.manifests()
      try await deploy.record(result, registry)
      streams.append(result.stream)
    }
    let rollback = RollBackDeploy(try ModelName("churn"), in: project.session)
    for (index, number) in [(1, "1.1.0"), (0, "1.0.0")] {
      let found = try await rollback.find(registry)
      #expect(found.stream == streams[index] && found.version.record.version == number)
      // The last one had fixed replicas, and therefore no autoscaler.
      #expect(found.gone == [])
      try await rollback.record(found, registry)
    }
    let error = await #expect(throws: FlowError.self) { try await rollback.find(registry) }
    #expect(error?.category == .notFound)
    let events = try registry.log(ModelName("churn")).entries().map(\.event).filter { $0.kind == .deployed }
    #expect(events.map(\.version) == ["1.0.0", "1.1.0", "2.0.0", "1.1.0", "1.0.0"])
    #expect(events.map { $0.details["restores"] != nil } == [false, false, false, true, true])
  }

  @Test("garbage collection keeps deployed manifests, and an audit reports missing ones")
  func kept() async throws {
    let registry = try project.session.createRegistry()
    let deploy = try deploy(try await version("1.0.0", max: 10))
    try await deploy.record(try await deploy.manifests(), registry)
    var options = Registry.CollectionOptions()
    options.grace = 0
    let later = Author(actor: "t", at: Timestamp(milliseconds: Timestamp.now().milliseconds + 60_000))
    _ = try registry.collect(options, by: later)
    let last = try #require(try registry.state(ModelName("churn")).deploys.last)
    #expect(try registry.manifests(of: last) == Array(try await deploy.manifests().stream.utf8))
    #expect(try await registry.fsck().problems == [])
    let path = registry.store.path(of: last.manifests.digest)
    try Durable.remove(path)
    #expect(try await registry.fsck().problems != [])
    try Durable.replace(path, with: Array("other".utf8))
    #expect(throws: RegistryError.self) { try registry.manifests(of: last) }
  }

  @Test("the cached state contains the deploys too")
  func cached() async throws {
    let registry = try project.session.createRegistry()
    let version = try await version("1.0.0", max: 10)
    for index in 0..<20 {
      try registry.deployed(
        version, Array("kind: A\(index)\n".utf8),
        place: DeployPlace("a\tb/\(index)", cluster: index % 2 == 0 ? nil : "https://c"),
        isAttempt: index % 3 == 0, details: [:], by: project.session.author)
    }
    let name = try ModelName("churn")
    let first = try registry.state(name)
    #expect(first.deploys.count == 20 && first.deploys[3].place == DeployPlace("a\tb/3", cluster: "https://c"))
    #expect(first.deploys.prefix(4).map(\.isWhole) == [false, true, true, false])
    #expect(try registry.state(name) == first)
    #expect(
      try registry.state(name, at: Timestamp(milliseconds: Timestamp.now().milliseconds + 1)).deploys == first.deploys)
  }

  @Test("two versions side by side, with the weight from the command line")
  func beside() async throws {
    let old = try await version("1.0.0", max: 10)
    let new = try await version("3.0.0", max: 20)
    let deploy = try deploy(new) { ($0.alongside, $0.weight) = (old, 25) }
    let result = try await deploy.manifests()
    #expect(result.stream.contains("    - name: churn-1-0-0\n      port: 80\n      weight: 75\n"))
    #expect(result.stream.contains("    - name: churn-3-0-0\n      port: 80\n      weight: 25\n"))
    #expect(result.files.map(\.name).filter { $0.hasPrefix("horizontal") }.count == 2)
  }

  @Test("objects that a patch broke are refused, with the rule that says why")
  func lint() async throws {
    try project.directory.write("p/weights.bin", "weights")
    try project.directory.write(
      "p/opz.yaml",
      """
      opz: 1
      name: churn
      version: 1.0.0
      model: {path: weights.bin}
      runtime: {kind: custom, base: scratch, command: [/serve], expose: 9000}
      deploy:
        patches:
          - kind: HorizontalPodAutoscaler
            json: [{op: replace, path: /spec/metrics/0/resource/target/averageUtilization, value: 99}]

      """)
    let version = try await project.package().version
    let strict = try deploy(version)
    let result = try await strict.manifests()
    let error = #expect(throws: FlowError.self) { try strict.requireNoLintErrors(result) }
    #expect(error?.category == .refused)
    let code = try #require(result.report.findings.first { $0.severity == .error }?.code)
    #expect(error?.reason.hasPrefix("\(code): ") == true && error?.hint?.contains("--allow \(code)") == true)
    let lenient = try deploy(version) { $0.allowed = [code] }
    try lenient.requireNoLintErrors(try await lenient.manifests())
  }

  @Test("kubectl diff shows what the cluster would change")
  func diff() async throws {
    let server = try KubernetesServer()
    var session = project.session
    session.environment.merge(server.environment) { _, new in new }
    let client = ClusterClient(session)
    #expect(await client.answers())
    let stream = "apiVersion: v1\nkind: Service\nmetadata: {name: churn}\nspec: {ports: [{port: 80}]}\n"
    #expect(try await client.difference(stream).contains("+kind: Service"))
    #expect(try await client.apply(stream).lines == ["service/churn serverside-applied"])
    #expect(try await client.difference(stream) == "")
    let context = try await client.context()
    #expect(context.cluster == server.address && context.namespace == "scoring")
    let documents = ManifestStream("apiVersion: v1\nkind: Service\nmetadata:\n  name: churn\n").documents
    #expect(try await client.delete(documents).lines == ["service \"churn\" deleted from scoring namespace"])
    #expect(try await client.delete(documents).lines == [])
    #expect(try await client.delete([]).lines == [])
  }

  @Test("objects that a deploy no longer has can be deleted, except a Namespace and a ConfigMap")
  func prune() throws {
    func document(_ kind: String, _ name: String) -> String {
      "---\napiVersion: v1\nkind: \(kind)\nmetadata:\n  name: \(name)\n  namespace: a\n"
    }
    let old = ManifestStream(
      document("Namespace", "a") + document("ConfigMap", "c-1") + document("CronJob", "refresh")
        + document("Deployment", "churn"))
    let gone = old.gone(in: ManifestStream(document("Deployment", "churn") + document("ConfigMap", "c-2")))
    #expect(gone.map(\.name) == ["Namespace a", "ConfigMap a/c-1", "CronJob a/refresh"])
    #expect(DeployVersion.deletable(gone).map(\.name) == ["CronJob a/refresh"])
  }

  @Test("a failing kubectl is an error with kubectl's message")
  func failure() async throws {
    let path = try project.directory.write("kubectl", "#!/bin/sh\necho 'no such host' >&2; exit 2\n", mode: 0o755)
    var session = project.session
    session.environment["OPZ_KUBECTL"] = path.string
    let failing = ClusterClient(session)
    let error = await #expect(throws: FlowError.self) { try await failing.difference("kind: A\n") }
    #expect(error?.reason.contains("no such host") == true)
    #expect(try await failing.apply("kind: A\n").failure?.reason.contains("no such host") == true)
    session.environment["OPZ_KUBECTL"] = "/nowhere/kubectl"
    #expect(await ClusterClient(session).answers() == false)
  }

  @Test(
    "the place comes from kubectl's context, without any password",
    arguments: [
      ("https://me:secret@10.0.0.1:6443/k@8s", ", namespace: team", "https://10.0.0.1:6443/k@8s", "team"),
      ("https://10.0.0.1:6443", "", "https://10.0.0.1:6443", "default"),
      (nil, "", nil, "pod"),
    ] as [(String?, String, String?, String)])
  func context(server: String?, more: String, address: String?, namespace: String) async throws {
    var session = project.session
    session.environment["OPZ_KUBECTL"] = KubernetesServer.kubectl.string
    session.environment["KUBERNETES_SERVICE_HOST"] = "10.96.0.1"
    session.environment["POD_NAMESPACE"] = "pod"
    session.environment["KUBECONFIG"] = "/nowhere/config"
    if let server {
      session.environment["KUBECONFIG"] =
        try project.directory.write(
          "kubeconfig",
          """
          {apiVersion: v1, kind: Config, clusters: [{name: t, cluster: {server: "\(server)"}}], users: [],
           contexts: [{name: t, context: {cluster: t, user: ""\(more)}}], current-context: t}

          """
        ).string
    }
    let context = try await ClusterClient(session).context()
    #expect(context.cluster == address && context.namespace == namespace)
  }

  @Test("a cluster that does not respond is a network failure")
  func unreachable() async throws {
    let server = try KubernetesServer()
    var session = project.session
    session.environment.merge(server.environment) { _, new in new }
    let config = try project.directory.write(
      "kubeconfig",
      """
      {apiVersion: v1, kind: Config, clusters: [{name: t, cluster: {server: "http://127.0.0.1:1"}}], users: [],
       contexts: [{name: t, context: {cluster: t, user: ""}}], current-context: t}

      """)
    session.environment["KUBECONFIG"] = config.string
    #expect(
      try await ClusterClient(session).apply("kind: A\napiVersion: v1\nmetadata: {name: a}\n").failure?.category
        == .network)
  }
}
