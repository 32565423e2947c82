import OpzArchive
import OpzFlow
import OpzIO
import OpzInference
import OpzJSON
import OpzModel
import OpzRegistry
import OpzStore
import OpzTestKit
import OpzYAML
import Testing

@Suite("The contract of a project")
struct ProjectContractTests {
  /// The churn example with more of opz.yaml.
  private static func churn(_ yaml: String, data: String? = nil) async throws -> Project {
    let project = try Project.churn()
    let path = project.path.appending("opz.yaml")
    let text = String(decoding: try FileBlob(path).bytes(), as: UTF8.self)
    try project.directory.write("p/opz.yaml", text + "\n" + yaml + "\n")
    if let data { try project.directory.write("p/train.csv", data) }
    return project
  }

  private func settings(_ version: Registry.Version, _ project: Project) async throws -> ServeSettings {
    let store = try project.registry().store
    let image = try await store.image(version.record.image)
    let stack = LayerStack(
      try image.layers.map { try StoredLayer($0.descriptor, try store.file($0.descriptor), diffID: $0.diffID) })
    return try ServeSettings(json: try stack.bytes("opt/opz/serve.json", limit: 4 << 20))
  }

  private func plan(_ project: Project) async throws -> [String] {
    let plan = try await PlanProject(PackageRequest(project: project.path), in: project.session).run()
    return (plan.contract ?? []).map { "\($0.column) \($0.rule) \($0.value) \($0.then) \($0.from)" }
  }

  @Test("a native image carries it, the version its profile, and the image's own server keeps it")
  func native() async throws {
    let project = try await Self.churn(
      """
      serve:
        contract:
          account_length: {type: integer, min: 0, max: 300, then: reject}
          number_vmail_messages: {max: 60, then: clip}
      monitor: {data: data/churn.csv}
      """)
    let rules = try await plan(project)
    #expect(rules.contains("account_length max 300 reject written"))
    #expect(rules.contains("number_vmail_messages max 60 clip written"))
    #expect(rules.contains("number_vmail_messages min 0 flag profile"))
    #expect(rules.contains("international_plan categories no, yes flag profile"))
    #expect(rules.contains("account_length missing no flag profile"))
    // The image's server answers the holdout rows as before: all are within the contract or only told of.
    let version = try await project.package { $0.test = true }.version
    #expect(version.record.layers.map(\.role) == ["runtime", "model", "config"])
    #expect(version.record.tests.map(\.name).contains("profile.json"))
    let settings = try await settings(version, project)
    let length = try #require(settings.contract?.columns.first { $0.name == "account_length" })
    #expect(length.most == .init(300, .reject) && length.missing == .init(false, .flag, from: .profile))
    let environment = try await project.registry().store.image(version.record.image).config.config?.env ?? []
    #expect(environment.contains("OPZ_SETTINGS=/opt/opz/serve.json"))
    #expect(try await TestVersion.run(version, in: project.session).passed)
    #expect(try await project.package().existed)
    #expect(try await project.registry().fsck().problems == [])
  }

  @Test("a contract that the holdout rows break fails the version's test, by the server of its image")
  func kept() async throws {
    let project = try await Self.churn("serve: {contract: {account_length: {max: 100}}}")
    let error = await #expect(throws: (any Error).self) { try await project.package { $0.test = true } }
    #expect("\(error!)".contains("account_length"), "\(error!)")
    #expect(try project.registry().models().isEmpty)
  }

  @Test("without a contract nothing changes: no layer, no variable, the same content")
  func none() async throws {
    let project = try Project.churn()
    let record = try await project.package().version.record
    #expect(record.layers.map(\.role) == ["runtime", "model"] && !record.tests.map(\.name).contains("profile.json"))
    let plan = try await PlanProject(PackageRequest(project: project.path), in: project.session).run()
    #expect(plan.contract == nil)
  }

  @Test(
    "what fits no input of the model is refused with place and hint before anything is recorded",
    arguments: [
      ("account_lenght: {min: 0}", "opz.yaml", "did you mean account_length?"),
      ("state: {min: 0}", "serve.contract.state.min", "write categories"),
      ("state: {categories: [XX]}", "serve.contract.state.categories", "it knows"),
      ("state: {type: number}", "serve.contract.state.type", "leave type out"),
      ("account_length: {type: text}", "serve.contract.account_length.type", "write type: number"),
      ("account_length: {max: 1.0e+300}", "serve.contract.account_length.max", "32-bit float"),
      ("account_length: {categories: [many]}", "serve.contract.account_length.categories", "is not a number"),
    ])
  func refused(column: String, place: String, hint: String) async throws {
    let project = try await Self.churn("serve:\n  contract:\n    \(column)")
    let error = await #expect(throws: ConfigError.self) { try await project.package() }
    let text = "\(error!)"
    #expect(text.contains(place) && text.contains(hint) && text.contains("opz.yaml:"), "\(text)")
    #expect(throws: (any Error).self) { try project.registry() }
  }

  @Test(
    "hostile training data are refused with file, line and column",
    arguments: [
      ("account_length\n1\nnan\ninf\n", "train.csv, line 4, column account_length"),
      ("account_length\n1\nmany\n", "train.csv, line 3, column account_length"),
      ("account_length,account_length\n1,2\n", "train.csv, line 1"), ("x\n1\n", "train.csv, line 1"),
      ("PAR1\n", "train.csv, input"),
    ])
  func hostile(data: String, place: String) async throws {
    let project = try await Self.churn("monitor: {data: train.csv}", data: data)
    let error = await #expect(throws: ModelError.self) { try await project.package() }
    #expect(error?.subject == place, "\(String(describing: error))")
  }

  @Test("a file that does not exist is refused by its key")
  func absent() async throws {
    let project = try await Self.churn("monitor: {data: data/chrun.csv}")
    let error = await #expect(throws: ConfigError.self) { try await project.package() }
    #expect("\(error!)".contains("monitor.data") && "\(error!)".contains("did you mean data/churn.csv?"))
  }
}
