import OpzDistribution
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzRegistryKit
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@Suite("Push and pull, with the real docker-registry")
struct PushPullTests {
  @Test("a version comes back byte for byte, with its record")
  func roundTrip() async throws {
    let server = try RegistryServer()
    let project = try Project.model(yaml: "lineage: {tags: {team: crm}}")
    let version = try await project.package().version
    let destination = try Reference(parsing: "\(server.host)/crm/weights:1.0.0")
    let pushed = try await PushVersion(version, to: destination, tags: ["1.0.0", "latest"], in: project.session).run(
      project.registry())
    #expect(
      pushed.references.map(\.description) == ["\(server.host)/crm/weights:1.0.0", "\(server.host)/crm/weights:latest"])
    #expect(pushed.existed == 0)

    var other = project.session
    other.registryPath = project.directory.path.appending("other")
    let result = try await PullVersion(try destination.tagged("latest"), in: other).run()
    #expect(result.version.bytes == version.bytes)
    #expect(result.version.artifact.digest == version.artifact.digest)
    #expect(try await other.openRegistry().fsck().problems == [])
    let second = try await PullVersion(destination.pinned(to: version.record.image.digest), in: other).run()
    #expect(second.existed && second.bytes == 0)

    let again = try await PushVersion(version, to: destination, in: project.session).run(project.registry())
    #expect((again.copied, again.bytes) == (0, 0))
    let events = try project.registry().log(version.name).entries().map(\.event.kind)
    #expect(events == [.packaged, .pushed, .pushed])
    let names = await #expect(throws: FlowError.self) {
      try await PullVersion(destination, expecting: ModelName("other"), in: other).run()
    }
    #expect(names?.category == .conflict)
  }

  @Test("a pull fetches the record once, and its bytes count")
  func once() async throws {
    let server = try SpecRegistry()
    let project = try Project.model()
    let version = try await project.package { $0.push = "\(server.host)/crm/weights" }.version
    let before = server.requests.count
    var other = project.session
    other.registryPath = project.directory.path.appending("other")
    let result = try await PullVersion(Reference(parsing: "\(server.host)/crm/weights:1.0.0"), in: other).run()
    let fetched = server.requests[before...].filter { $0.method == "GET" && $0.path.contains("/blobs/") }.map(\.path)
    #expect(fetched.filter { $0.hasSuffix("\(Digest.of(version.bytes))") }.count == 1, "\(fetched)")
    #expect(result.bytes >= UInt64(version.bytes.count))
  }

  @Test("package --push pushes what it recorded")
  func packagePush() async throws {
    let server = try RegistryServer()
    let project = try Project.model()
    let result = try await project.package { $0.push = "\(server.host)/crm/weights" }
    #expect(result.pushed?.references.map(\.description) == ["\(server.host)/crm/weights:1.0.0"])
    let raw = try ChildProcess.run([
      "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(server.host)/crm/weights:1.0.0",
    ])
    #expect(Digest.of(raw.output) == result.version.record.image.digest)
  }

  @Test("the base's layers are mounted, not sent")
  func mounted() async throws {
    let server = try RegistryServer()
    let project = try Project.model()
    let base = try await project.package { $0.push = "\(server.host)/bases/python:1" }.version.record
    try project.directory.write("q/model.bin", "m")
    try project.directory.write(
      "q/opz.yaml",
      """
      opz: 1
      name: custom
      model: {path: model.bin}
      runtime: {kind: custom, base: "\(server.host)/bases/python:1", command: [/x]}
      """)
    var request = PackageRequest(project: project.directory.path.appending("q"))
    request.push = "\(server.host)/crm/custom:1"
    let progress = Recorder()
    var session = project.session
    session.progress = progress
    let result = try await PackageProject(request, in: session).run()
    #expect(result.version.record.runtime.baseDigest == base.image.digest)
    let mounted = progress.mounted
    for layer in base.layers { #expect(mounted.contains(layer.descriptor.digest.short), "\(layer.role) was sent") }
    let raw = try ChildProcess.run([
      "skopeo", "copy", "--src-tls-verify=false", "docker://\(server.host)/crm/custom:1",
      "oci:\(project.directory.path)/copy:1",
    ])
    #expect(raw.status == 0, "\(raw.errorText)")
  }

  @Test("an image without a record is not a version, and the error says how it can be used")
  func foreign() async throws {
    let server = try RegistryServer()
    let project = try Project.model()
    _ = try await project.package { $0.outputs = ["oci:layout:1"] }
    let copied = try ChildProcess.run([
      "skopeo", "copy", "--dest-tls-verify=false", "oci:\(project.directory.path)/layout:1",
      "docker://\(server.host)/x:1",
    ])
    #expect(copied.status == 0, "\(copied.errorText)")
    let error = await #expect(throws: FlowError.self) {
      try await PullVersion(Reference(parsing: "\(server.host)/x:1"), in: project.session).run()
    }
    #expect(error?.category == .notFound)
    #expect(error?.hint?.contains("custom") == true)
  }

  @Test("deploy writes files, records the event, and pins the digest")
  func deploy() async throws {
    let project = try Project.churn()
    let version = try await project.package().version
    let request = DeployRequest(repository: try Reference(parsing: "registry.example/crm/churn"), namespace: "ml")
    let deploy = DeployVersion(version, request, in: project.session)
    let result = try await deploy.manifests()
    try await deploy.write(result, to: project.directory.path.appending("k8s"))
    try await deploy.record(result, project.registry())
    #expect(
      try Directory.entries(project.directory.path.appending("k8s")).map(\.string) == [
        "deployment.yaml", "horizontalpodautoscaler.yaml", "kustomization.yaml", "networkpolicy.yaml",
        "poddisruptionbudget.yaml", "service.yaml", "serviceaccount.yaml",
      ])
    #expect(result.stream.contains("image: registry.example/crm/churn@\(version.record.image.digest)\n"))
    #expect(try project.registry().log(version.name).entries().last?.event.kind == .deployed)
  }
}

/// Remembers which items were mounted.
final class Recorder: ProgressSink {
  private let items = Monitor<[String]>([])

  var mounted: [String] { items.change { $0 } }

  func report(_ event: ProgressEvent) {
    if case .finished(let item, .mounted) = event { items.change { $0.append(item) } }
  }
}
