import OpzDeploy
import OpzFlow
import OpzFormats
import OpzOCI
import OpzTestKit
import Testing

@Suite("A format that only a list knows")
struct MadeUpFormatTests {
  @Test("it is packaged, recorded, scored from the registry and deployed by KServe's name for it")
  func whole() async throws {
    var project = try Project()
    project.session.formats = MadeUpFormat.formats
    try project.directory.write("p/a.sums", MadeUpFormat.text)
    try project.directory.write(
      "p/opz.yaml", "opz: 1\nname: sums\nmodel: {path: a.sums, format: made-up}\nruntime: {kind: model}\n")
    let version = try await project.package().version
    #expect(version.record.model?.format == "made-up" && version.record.model?.signature != nil)

    let loaded = try await ModelOperand("sums@1.0.0", project.session).load()
    #expect(loaded.format.name == "made-up" && loaded.model.signature.inputs.map(\.name) == ["f0", "f1"])

    let request = DeployRequest(
      repository: try Reference(parsing: "registry.example/crm/sums"), target: .kserve)
    let result = try await DeployVersion(version, request, in: project.session).manifests()
    #expect(result.stream.contains("modelFormat:\n        name: sums\n"), "\(result.stream)")
  }

  @Test("without it in the list, opz.yaml cannot name it, and the file is packaged as of unknown format")
  func absent() async throws {
    let project = try Project()
    try project.directory.write("p/a.sums", MadeUpFormat.text)
    try project.directory.write("p/opz.yaml", "opz: 1\nname: sums\nmodel: {path: a.sums}\nruntime: {kind: model}\n")
    #expect(try await project.package().version.record.model?.format == "unknown")
    await #expect(throws: FlowError.self) { try await ModelOperand("sums@1.0.0", project.session).load() }
    try project.directory.write(
      "p/opz.yaml", "opz: 1\nname: sums\nmodel: {path: a.sums, format: made-up}\nruntime: {kind: model}\n")
    let error = await #expect(throws: (any Error).self) { try await project.package() }
    #expect("\(error!)".contains("\"made-up\" is not a format that opz knows"))
  }
}
