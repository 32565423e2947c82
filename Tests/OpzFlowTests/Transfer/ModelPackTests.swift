import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@Suite("ModelPack artifacts")
struct ModelPackTests {
  @Test("the artifact has the image's own layers under the names of the model spec")
  func layers() async throws {
    let project = try Project.model(yaml: "files: [{path: lib, to: /data}]")
    let record = try await project.package().version.record
    let store = try project.registry().store
    let artifact = try #require(record.artifacts?["modelpack"])
    let manifest = try await store.manifest(artifact)
    #expect(manifest.content.artifactType?.rawValue == "application/vnd.cncf.model.manifest.v1+json")
    #expect(manifest.content.config.mediaType.rawValue == "application/vnd.cncf.model.config.v1+json")
    #expect(
      manifest.content.layers.map(\.mediaType.rawValue) == [
        "application/vnd.cncf.model.dataset.v1.tar+gzip", "application/vnd.cncf.model.weight.v1.tar+gzip",
        "application/vnd.cncf.model.code.v1.tar+gzip", "application/vnd.cncf.model.weight.config.v1.tar+gzip",
      ])
    let image = try await store.image(record.image)
    #expect(manifest.content.layers.map(\.digest) == image.layers.map(\.descriptor.digest))
    #expect(manifest.content.layers[1].annotations == ["org.cncf.model.filepath": "models/weights.bin"])
    let config = try CanonicalJSON.decode(
      [String: JSONValue].self, from: await store.bytes(manifest.content.config), subject: "config")
    #expect(Set(config.keys) == ["descriptor", "config", "modelfs"])
    #expect(
      config["modelfs"]
        == .object(["type": "layers", "diffIds": .array(image.layers.map { .string($0.diffID.description) })]))
    guard case .object(let descriptor)? = config["descriptor"] else { return #expect(Bool(false), "no descriptor") }
    #expect(descriptor["name"] == "crm/weights" && descriptor["version"] == "1.0.0")
    #expect(descriptor["createdAt"] == "1970-01-01T00:00:00Z")
  }

  @Test("a push sends the layers once and tags the artifact too; a pull fetches it too")
  func pushed() async throws {
    let server = try RegistryServer()
    let project = try Project.model()
    let version = try await project.package().version
    let artifact = try #require(version.record.artifacts?["modelpack"])
    let destination = try Reference(parsing: "\(server.host)/crm/weights:v1")
    _ = try await PushVersion(version, to: destination, in: project.session).run(project.registry())
    let raw = try ChildProcess.run([
      "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(server.host)/crm/weights:v1.modelpack",
    ])
    #expect(Digest.of(raw.output) == artifact.digest)
    var other = project.session
    other.registryPath = project.directory.path.appending("other")
    let pulled = try await PullVersion(destination, in: other).run().version
    let registry = try other.openRegistry()
    #expect(pulled.record.artifacts == version.record.artifacts)
    #expect(try registry.store.has(artifact))
    #expect(try await registry.fsck().problems == [])
  }

  @Test("with a base for KServe's modelcar the model is under /models on top of it")
  func modelcar() async throws {
    let project = try Project.model()
    let base = try await project.package { $0.outputs = ["oci:base:1"] }.version.record
    let record = try await project.package { $0.overrides = ["name=car", "runtime.base=oci:../base:1"] }.version.record
    #expect(record.layers.map(\.role) == ["runtime", "runtime", "runtime", "model", "code", "config"])
    #expect(record.runtime.baseDigest == base.image.digest)
  }
}
