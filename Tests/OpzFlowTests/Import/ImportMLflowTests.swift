import OpzFlow
import OpzIO
import OpzMLflow
import OpzOCI
import OpzProject
import OpzRegistry
import OpzTestKit
import SystemPackage
import Testing

@Suite("Import of an MLflow registry")
struct ImportMLflowTests {
  func project() throws -> Project {
    let project = try Project()
    try MLflowFixture.write(in: project.directory)
    return project
  }

  func run(_ project: Project, _ change: (inout ImportMLflow.Request) -> Void = { _ in }) async throws -> [ImportMLflow
    .Item]
  {
    var request = ImportMLflow.Request(database: "mlflow.db")
    change(&request)
    return try await ImportMLflow(request, in: project.session).run()
  }

  @Test("versions, tags, aliases, metrics and the description are imported, and fsck is clean")
  func whole() async throws {
    let project = try project()
    let items = try await run(project)
    #expect(items.map(\.reference) == ["fraud-model@1.0.0", "churn@2.0.0", "churn@3.0.0"])
    #expect(items.map(\.outcome) == [.imported, .imported, .imported])
    #expect(items.map(\.aliases) == [[], ["champion"], ["challenger_1"]])
    let registry = try project.registry()
    let version = try registry.find(LocalReference(parsing: "churn@champion"))
    #expect(version.record.lineage.tags["team"] == "crm")
    #expect(version.record.lineage.tags["owner"] == "ada")
    #expect(version.record.lineage.tags["param.depth"] == "2")
    #expect(version.record.lineage.tags["mlflow.created"] == "2026-11-24T02:02:53.579Z")
    #expect(version.record.lineage.metrics == .object(["auc": .number(0.83000000000000007), "nan": .string("NaN")]))
    #expect(version.record.model?.format == "mlflow")
    #expect(version.record.model?.signature != nil)
    #expect(version.record.fileList == nil)
    #expect(version.record.files.map(\.path) == ["/models/MLmodel", "/models/model.pkl"])
    #expect(try registry.card(of: version) == "# Second\nBetter.")
    #expect(
      try await registry.search(nil, where: VersionQuery(parsing: "metrics.auc > 0.835 and tag.owner = 'ada'")).map(
        \.version.version) == [SemanticVersion(major: 3, minor: 0, patch: 0)])
    #expect(try await registry.fsck().problems.isEmpty)
  }

  @Test("a second import adds what is new, and keeps an alias that was moved here")
  func again() async throws {
    let project = try project()
    _ = try await run(project)
    let registry = try project.registry()
    let champion = try #require(AliasName("champion"))
    try registry.set(
      champion, to: registry.find(LocalReference(parsing: "churn@3.0.0")), by: Author(actor: "somebody"))
    try MLflowFixture.write("UPDATE model_version_tags SET value = 'risk';", in: project.directory)
    let items = try await run(project)
    #expect(items.map(\.outcome) == [.existed, .existed, .existed])
    #expect(items.map(\.aliases) == [[], [], ["challenger_1"]])
    let state = try registry.state(ModelName("churn"))
    #expect(state.target(champion) == SemanticVersion(major: 3, minor: 0, patch: 0))
    #expect(state.tags[SemanticVersion(major: 2, minor: 0, patch: 0)] == ["team": "risk"])
    #expect(try await registry.fsck().problems.isEmpty)
  }

  @Test("a dry run changes nothing, and creates no registry")
  func rehearsal() async throws {
    let project = try project()
    let items = try await run(project) { $0.isDryRun = true }
    #expect(items.map(\.outcome) == [.planned, .planned, .planned])
    #expect(items[1].aliases == ["champion"])
    #expect(try FileStatus.find(project.session.registryPath) == nil)
  }

  @Test("missing artifacts are named, and the rest is imported")
  func missing() async throws {
    let project = try project()
    try Durable.removeTree(project.directory.path.appending(MLflowFixture.artifacts[1]))
    try MLflowFixture.write(
      "UPDATE model_versions SET status = 'FAILED_REGISTRATION' WHERE name != 'churn';", in: project.directory)
    let items = try await run(project)
    #expect(items.map(\.outcome) == [.failed, .failed, .imported])
    #expect(items[0].reason?.contains("FAILED_REGISTRATION") == true)
    #expect(items[1].reason?.contains("does not exist") == true)
  }

  @Test("a database cannot read files from elsewhere on this machine")
  func elsewhere() async throws {
    let project = try project()
    try MLflowFixture.write("UPDATE model_versions SET storage_location = '/etc';", in: project.directory)
    #expect(try await run(project).map(\.outcome) == [.failed, .failed, .failed])
  }

  @Test("if the number already has different content, the import of that version fails")
  func taken() async throws {
    let project = try project()
    _ = try await run(project)
    try project.directory.write("\(MLflowFixture.artifacts[2])/model.pkl", "other")
    let items = try await run(project)
    #expect(items.map(\.outcome) == [.existed, .existed, .failed])
    #expect(items[2].reason?.contains("versions never change") == true)
  }

  @Test("names can be chosen, and two models that would get the same name are refused")
  func names() async throws {
    let project = try project()
    let items = try await run(project) {
      $0.models = ["Fraud Model!"]
      $0.names = ["Fraud Model!": "risk/fraud"]
    }
    #expect(items.map(\.reference) == ["risk/fraud@1.0.0"])
    await #expect(throws: FlowError.self) { try await run(project) { $0.names = ["Fraud Model!": "churn"] } }
    await #expect(throws: MLflowError.self) { try await run(project) { $0.models = ["none"] } }
  }

  @Test("valid names stay, accents go, and all names that clash are named at once")
  func clashes() async throws {
    let project = try project()
    try MLflowFixture.write(
      """
      INSERT INTO registered_models (name) VALUES ('iris_model'), ('Résiliation Größe'), ('CHURN'), ('iris model'),
        ('Iris-Model'), ('☃');
      """, in: project.directory)
    let error = await #expect(throws: FlowError.self) { try await run(project) { $0.isDryRun = true } }
    let text = error?.description ?? ""
    #expect(text.contains("\"CHURN\" and \"churn\" would be imported as churn"), "\(text)")
    #expect(text.contains("\"Iris-Model\" and \"iris model\" would be imported as iris-model"))
    #expect(text.contains("\"☃\" gives no valid name") && !text.contains("iris_model"))
    #expect(error?.hint?.contains("--name 'churn=NAME' --name 'iris model=NAME' --name '☃=NAME'") == true, "\(text)")
    #expect(ModelName.near("Résiliation Größe") == "resiliation-grosse")
    #expect(ModelName.near("iris_model") == "iris_model" && ModelName.near("iris__model.v2") == "iris__model.v2")
    #expect(ModelName.near("e\u{301}te_-_x") == "ete-x" && ModelName.near("Ærøskøbing") == "aeroskobing")
    #expect(ModelName.near("_a..b_") == "a-b" && ModelName.near("☃") == nil)
  }
}
