import OpzIO
import OpzProject
import OpzRegistry
import OpzSQL
import OpzTestKit
import OpzYAML
import Testing

@testable import OpzFlow

@Suite("The query of a project")
struct ProjectFeaturesTests {
  @Test("a version has the query with its digest, and another query is another version")
  func version() async throws {
    let project = try Project.model()
    let none = try await project.package().version
    #expect(try await ModelOperand(none.record.reference, project.session).features() == nil)
    try project.directory.write("p/features.sql", "SELECT 1 AS age;\n")
    let first = try await project.package().version
    #expect(first.record.image.digest != none.record.image.digest)
    let query = try await ModelOperand(first.record.reference, project.session).features()
    #expect(query?.text == "SELECT 1 AS age")
    let file = try #require(
      try await project.registry().files(of: first.record).first { $0.path == "/opt/opz/features.sql" })
    #expect(file.digest != nil)
    // The same query is the same content.
    #expect(try await project.package().version.record.version == first.record.version)
    try project.directory.write("p/features.sql", "SELECT 2 AS age")
    let second = try await project.package().version
    #expect(second.record.version != first.record.version)
    // The older version keeps its own.
    #expect(try await ModelOperand(first.record.reference, project.session).features()?.text == "SELECT 1 AS age")
    #expect(try await ModelOperand("p", project.session).features()?.text == "SELECT 2 AS age")
    #expect(try await ModelOperand("p/weights.bin", project.session).features() == nil)
  }

  private static let manifest = """
    {"metadata": {"dbt_schema_version": "v12"}, "nodes": {
      "model.shop.features": {"resource_type": "model", "name": "features", "package_name": "shop",
        "raw_code": "select {{ x }}", "compiled_code": "select 1 as age"},
      "model.other.features": {"resource_type": "model", "name": "features", "package_name": "other",
        "compiled_code": "select 2 as age"},
      "model.shop.old": {"resource_type": "model", "name": "old", "package_name": "shop", "compiled_sql": "select 3 as age"},
      "model.shop.raw": {"resource_type": "model", "name": "raw", "package_name": "shop", "compiled_code": null},
      "test.shop.features": {"resource_type": "test", "name": "plain", "package_name": "shop", "compiled_code": "select 4"}
    }}
    """

  @Test("a model of dbt's manifest", arguments: [("shop.features", "select 1 as age"), ("old", "select 3 as age")])
  func dbt(_ model: String, query: String) async throws {
    let project = try Project.model(yaml: "features: {dbt: target/manifest.json, model: \(model)}")
    try project.directory.write("p/target/manifest.json", Self.manifest)
    let version = try await project.package().version
    #expect(try await ModelOperand(version.record.reference, project.session).features()?.text == query)
  }

  @Test(
    "what the manifest does not have, and what is none",
    arguments: [
      ("features", "several packages"), ("raw", "not compiled"), ("plain", "no model plain"), ("olt", "no model olt"),
    ])
  func wrongModel(_ model: String, reason: String) async throws {
    let project = try Project.model(yaml: "features: {dbt: target/manifest.json, model: \(model)}")
    try project.directory.write("p/target/manifest.json", Self.manifest)
    let error = await #expect(throws: ConfigError.self) { _ = try await project.package() }
    #expect("\(error!)".contains(reason))
    try project.directory.write("p/target/manifest.json", "{\"nodes\": ")
    await #expect(throws: ConfigError.self) { _ = try await project.package() }
  }

  @Test(
    "a section that says nothing or too much",
    arguments: [
      "features: {}", "features: {sql: q.sql, dbt: m.json}", "features: {dbt: m.json}",
      "features: {sql: q.sql, model: x}",
      "features: {sql: absent.sql}", "features: {query: x}",
    ])
  func wrongSection(_ yaml: String) async throws {
    let project = try Project.model(yaml: yaml)
    try project.directory.write("p/q.sql", "SELECT 1")
    try project.directory.write("p/m.json", "{}")
    await #expect(throws: ConfigError.self) { _ = try await project.package() }
  }

  @Test("a file that is no query is refused before there is a version")
  func noQuery() async throws {
    let project = try Project.model()
    try project.directory.write("p/features.sql", "SELECT 1; DROP TABLE customers")
    await #expect(throws: SQLError.self) { _ = try await project.package() }
  }
}
