import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTestKit
import SystemPackage
import Testing

@Suite("The registry's schemas")
struct SchemaTests {
  @Test(
    "each record and event that opz writes conforms to its schema, a changed one does not, and a later one may have more"
  )
  func records() async throws {
    let project = try Project.churn()
    let version = try await project.package().version
    _ = try await project.package()
    _ = try await TestVersion.run(version, in: project.session)
    let model = try Project.model(yaml: "lineage: {parent: a/b@1.0.0, tags: {x: 'y'}}")
    let other = try await model.package().version
    let type = MediaType("application/vnd.example+json")
    _ = try model.registry().attach(Array("{}".utf8), type, to: other, by: model.session.author)

    var records: [FilePath] = []
    var events: [FilePath] = []
    for (place, name) in [(project, "churn"), (model, "crm/weights")] {
      let root = place.directory.path.appending("registry/models/\(name)")
      records.append(root.appending("versions/1.0.0/version.json"))
      events += try Directory.entries(root.appending("events")).map { root.appending("events").appending($0) }
    }
    #expect(events.count == 5)
    let registry = PackageRoot.path(#filePath).appending("registry")
    // The golden registry contains the other kinds of events.
    for (place, versions) in [
      ("golden/models/crm/churn", ["1.0.0", "1.1.0", "1.2.0"]), ("golden-2/models/crm/churn", ["1.0.0", "1.1.0"]),
      ("golden-2/models/ops/fraud", ["2.0.0"]),
    ] {
      let golden = registry.pushing(FilePath(place))
      records += versions.map { golden.appending("versions/\($0)/version.json") }
      events += try Directory.entries(golden.appending("events")).map { golden.appending("events").appending($0) }
    }
    #expect(try validate(registry.appending("version.schema.json"), records, isClosed: true).status == 0)
    #expect(try validate(registry.appending("event.schema.json"), events, isClosed: true).status == 0)
    let later = registry.appending("golden-3/models/crm/churn")
    let laterRecords = ["1.0.0", "1.1.0"].map { later.appending("versions/\($0)/version.json") }
    let laterEvents = try Directory.entries(later.appending("events")).map { later.appending("events").appending($0) }
    for (schema, documents) in [("version.schema.json", laterRecords), ("event.schema.json", laterEvents)] {
      #expect(try validate(registry.appending(schema), documents).status == 0, "what is to come is allowed")
      #expect(try validate(registry.appending(schema), documents, isClosed: true).status == 1)
    }

    let text = String(decoding: try FileBlob(records[0]).bytes(), as: UTF8.self)
    for (from, to) in [
      ("\"format\": 1", "\"format\": 3"), ("\"kind\": \"native\"", "\"kind\": \"x\""), ("sha256:", "sha1:"),
      ("\"files\"", "\"fils\""),
    ] {
      let broken = try project.directory.write("broken.json", text.replacing(from, with: to))
      #expect(try validate(registry.appending("version.schema.json"), [broken], isClosed: true).status == 1, "\(to)")
    }
  }

  /// - Parameter isClosed: members and values that the schema does not name are wrong.
  private func validate(_ schema: FilePath, _ documents: [FilePath], isClosed: Bool = false) throws
    -> ChildProcess.Output
  {
    let script = PackageRoot.path(#filePath).appending("Tests/OpzFlowTests/Fixtures/validate.py")
    let words = [script.string] + (isClosed ? ["--closed"] : []) + [schema.string]
    let result = try Python.run(words + documents.map(\.string))
    try #require(result.status < 2, "\(result.errorText)\(result.text)")
    return result
  }
}
