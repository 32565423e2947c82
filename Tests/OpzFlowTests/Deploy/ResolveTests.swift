import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTestKit
import SystemPackage
import Testing

@Suite("Resolve, with the real docker-registry")
struct ResolveTests {
  private let server: RegistryServer
  private let project: Project
  private let digest: Digest

  init() async throws {
    server = try RegistryServer()
    project = try Project.model()
    let version = try await project.package { [server] in $0.push = "\(server.host)/crm/weights" }.version
    digest = version.record.image.digest
    try project.registry().set(AliasName(parsing: "production"), to: version, by: project.session.author)
  }

  private func file(_ name: String) throws -> String {
    String(decoding: try FileBlob(project.directory.path.appending(name)).bytes(), as: UTF8.self)
  }

  private func run(_ names: String...) async throws -> ResolveManifests.Result {
    try await ResolveManifests(names, in: project.session).run()
  }

  @Test("versions, aliases and tags become digests in place, in manifests, kustomizations and values")
  func kinds() async throws {
    let host = server.host
    try project.directory.write(
      "k8s/pod.yaml", "# a pod\nimage:  'opz://crm/weights@production' # alias\n---\nimage: \(host)/crm/weights:1.0.0\n"
    )
    try project.directory.write(
      "k8s/sub/kustomization.yml",
      "kind: Kustomization\nimages:\n- {name: w, newName: \"opz://crm/weights@1.0.0\", newTag: x}\n")
    try project.directory.write("k8s/values.yaml", "image: {repository: \(host)/crm/weights, tag: 1.0.0, digest: ''}\n")
    try project.directory.write("k8s/notes.txt", "image: \(host)/crm/weights:1.0.0\n")
    try project.directory.write("k8s/.git/x.yaml", "image: \(host)/crm/weights:1.0.0\n")
    let result = try await run("k8s")
    #expect(result.changed == 4)
    try await result.write(in: project.session)
    #expect(
      try file("k8s/pod.yaml")
        == "# a pod\nimage:  '\(host)/crm/weights@\(digest)' # alias\n---\nimage: \(host)/crm/weights:1.0.0@\(digest)\n"
    )
    #expect(
      try file("k8s/sub/kustomization.yml")
        == "kind: Kustomization\nimages:\n- {name: w, newName: \"\(host)/crm/weights\", newTag: 1.0.0@\(digest)}\n")
    #expect(
      try file("k8s/values.yaml") == "image: {repository: \(host)/crm/weights, tag: 1.0.0, digest: '\(digest)'}\n")
    #expect(try file("k8s/.git/x.yaml").hasSuffix(":1.0.0\n"))
    // Again: nothing to do, and no request is made.
    server.stop()
    let again = try await run("k8s")
    #expect(again.changed == 0)
    #expect(again.pinned == 4)
    #expect(try await ResolveManifests(["k8s"], in: project.session).check().open == [])
  }

  @Test("check names each place and makes no request")
  func check() async throws {
    server.stop()
    try project.directory.write(
      "a.yaml", "x: 1\nimage: \(server.host)/crm/weights:1.0.0\n---\n  {image: opz://crm/weights@production}\n")
    let result = try await ResolveManifests(["a.yaml"], in: project.session).check()
    #expect(
      result.open == ["a.yaml:2:8: \(server.host)/crm/weights:1.0.0", "a.yaml:4:11: opz://crm/weights@production"])
  }

  @Test(
    "an image that cannot be resolved is named with file and line, and nothing is written",
    arguments: [
      ("opz://crm/weights@9.9.9", ErrorCategory.notFound, "no such version"),
      ("opz://crm/weights@staging", .notFound, "no such alias"),
      ("opz://nobody@1.0.0", .notFound, "no such model"), ("HOST/crm/weights:2", .notFound, ""),
      ("HOST/crm/none:1", .notFound, ""),
      ("127.0.0.1:1/x:1", .network, ""),
      ("HOST/UPPER:1", .usage, "capital letters"),
    ])
  func unresolvable(_ image: String, _ category: ErrorCategory, reason: String) async throws {
    let text =
      "image: \(server.host)/crm/weights:1.0.0\n---\nx: 1\nimage: \(image.replacing("HOST", with: server.host))\n"
    try project.directory.write("a.yaml", text)
    let error = try #require(await #expect(throws: FlowError.self) { try await run("a.yaml") })
    #expect(error.subject.hasPrefix("a.yaml:4:8: "))
    #expect(error.category == category, "\(error)")
    #expect(reason.isEmpty || error.reason.contains(reason), "\(error)")
    #expect(error.hint != nil || category == .network, "\(error)")
    #expect(try file("a.yaml") == text)
  }

  /// Each node's container runtime decides which registry `nginx` comes from.
  @Test(
    "an image that names no registry stays as it is and is named; --strict refuses it",
    arguments: ["nginx", "nginx:1.27", "bitnami/nginx:1.27"])
  func unqualified(_ image: String) async throws {
    let text = "image: \(server.host)/crm/weights:1.0.0\n---\nx: 1\nimage: \(image) # a comment\n"
    try project.directory.write("a.yaml", text)
    let result = try await run("a.yaml")
    #expect(result.unqualified == ["a.yaml:4:8: \(image)"])
    #expect(result.changed == 1)
    #expect(result.stream == text.replacing("weights:1.0.0", with: "weights:1.0.0@\(digest)"))
    let check = try await ResolveManifests(["a.yaml"], in: project.session).check()
    #expect(check.open == ["a.yaml:1:8: \(server.host)/crm/weights:1.0.0"])
    #expect(check.unqualified == ["a.yaml:4:8: \(image)"])

    let strict = ResolveManifests(["a.yaml"], isStrict: true, in: project.session)
    let error = try #require(await #expect(throws: FlowError.self) { try await strict.run() })
    #expect(error.subject == "a.yaml:4:8: \(image)" && error.reason.contains("names no registry"), "\(error)")
    #expect(try await strict.check().open.count == 2)
    #expect(try file("a.yaml") == text)
  }

  /// The tag next to an image applies to it; `latest` would be another image, and is not requested.
  @Test("a tag next to the image counts, however a chart splits the image")
  func split() async throws {
    let host = server.host
    try project.directory.write(
      "values.yaml",
      """
      image: \(host)/crm/weights
      tag: 1.0.0
      global: {imageRegistry: "\(host)"}
      a: {image: {repository: crm/weights, tag: 1.0.0, sha: ""}}
      b: {imageTag: 1.0.0, image: crm/weights, registry: "\(host)"}

      """)
    // There is a global registry, and the name contains one too: left as it is.
    let result = try await run("values.yaml")
    #expect(result.doubtful.count == 1 && result.doubtful.first?.hasPrefix("values.yaml:1:8: ") == true)
    #expect(result.changed == 2)
    #expect(result.stream.contains("tag: 1.0.0\nglobal"))
    #expect(result.stream.contains("sha: \"\(digest.description.dropFirst(7))\""))
    #expect(result.stream.contains("imageTag: 1.0.0@\(digest)"))
    let strict = ResolveManifests(["values.yaml"], isStrict: true, in: project.session)
    let error = try #require(await #expect(throws: FlowError.self) { try await strict.run() })
    #expect(error.subject.hasPrefix("values.yaml:1:8: ") && error.hint != nil)

    try project.directory.write("plain.yaml", "image: \(host)/crm/weights\ntag: 1.0.0\n")
    let plain = try await run("plain.yaml")
    #expect(plain.stream == "image: \(host)/crm/weights\ntag: 1.0.0@\(digest)\n")
  }

  @Test("a version that was never pushed cannot be resolved")
  func unpushed() async throws {
    let other = try Project.model()
    _ = try await other.package()
    try other.directory.write("a.yaml", "image: opz://crm/weights\n")
    let error = await #expect(throws: FlowError.self) {
      try await ResolveManifests(["a.yaml"], in: other.session).run()
    }
    #expect(error?.hint == "opz push crm/weights@1.0.0 HOST/REPO")
  }

  @Test("a kustomization's placeholder is not an image, and a template stays as it is")
  func placeholders() async throws {
    try project.directory.write(
      "k/kustomization.yaml",
      "kind: Kustomization\nimages: [{name: app, newName: \(server.host)/crm/weights, newTag: 1.0.0}]\n")
    try project.directory.write("k/pod.yaml", "image: app\n")
    try project.directory.write("k/t.yaml", "image: {{ .Values.image }}\n")
    let result = try await run("k")
    #expect(result.changed == 1)
    #expect(result.remarks.count == 1)
    let directory = project.session.path("out")
    try await result.write(to: directory, named: ["k"], in: project.session)
    #expect(try file("out/pod.yaml") == "image: app\n")
    #expect(try file("out/t.yaml") == "image: {{ .Values.image }}\n")
    #expect(try file("out/kustomization.yaml").contains("1.0.0@\(digest)"))
  }

  @Test("a link stays a link, and a file keeps its mode")
  func files() async throws {
    try project.directory.write("real.yaml", "image: \(server.host)/crm/weights:1.0.0\n", mode: 0o640)
    let link = project.directory.path.appending("link.yaml")
    #expect(try ChildProcess.run(["ln", "-s", "real.yaml", link.string]).status == 0)
    try await run("link.yaml").write(in: project.session)
    #expect(try FileStatus.of(link, followLinks: false).kind == .symlink)
    #expect(try file("real.yaml").contains("@sha256:"))
    #expect(try FileStatus.of(project.directory.path.appending("real.yaml")).mode == 0o640)
  }
}
