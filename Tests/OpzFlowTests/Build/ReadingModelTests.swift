import OpzFlow
import OpzFormats
import OpzIO
import OpzModel
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@Suite("How the native runtime reads the model")
struct ReadingModelTests {
  /// A project of the native runtime with a static program for a server, which is not run.
  private static func project(_ model: String, _ extra: String = "", program mark: String = "") throws -> Project {
    var project = try Project()
    try project.directory.write("p/model.json", model)
    try project.directory.write("p/opz.yaml", "opz: 1\nname: m\nmodel: {path: model.json\(extra)}\n")
    let program = project.directory.path.appending("server")
    try OutputFile.write(StaticPlaceholder.bytes(mark), to: program)
    project.session.environment["OPZ_SERVER"] = program.string
    return project
  }

  private static let lightGBM = """
    tree
    version=v4
    num_class=1
    num_tree_per_iteration=1
    label_index=0
    max_feature_idx=0
    objective=regression
    feature_names=a
    feature_infos=[0:1]

    Tree=0
    num_leaves=1
    num_cat=0
    leaf_value=0.5

    end of trees

    """

  private static let stopped = HandMadeModel.json().replacing(
    "\"attributes\":{}", with: #""attributes":{"best_iteration":"0"}"#)

  @Test("a runtime without labels gets what it has always read, and no other model")
  func unlabelled() async throws {
    let known = try Self.project(HandMadeModel.json())
    #expect(try await known.package().version.record.model?.format == "xgboost-json")
    #expect(try await RuntimeImport.pinned(in: known.session).map(\.reads) == [.unmarked])
    for (model, extra) in [(Self.lightGBM, ""), (Self.stopped, ", iterations: best")] {
      let project = try Self.project(model, extra)
      let error = await #expect(throws: FlowError.self) { try await project.package() }
      #expect(error?.category == .conflict && error?.hint?.hasPrefix("opz runtime import ") == true)
      #expect(try project.registry().models().isEmpty)
      await #expect(throws: FlowError.self) {
        try await PlanProject(PackageRequest(project: project.path), in: project.session).run()
      }
    }
  }

  @Test("a runtime whose program says what it reads carries it as labels, and gets those models")
  func labelled() async throws {
    let project = try Self.project(Self.lightGBM, program: "\(RuntimeMark.text)")
    #expect(try await project.package().version.record.model?.format == "lightgbm")
    #expect(try await RuntimeImport.pinned(in: project.session).map(\.reads) == [RuntimeMark(.standard)])
  }

  @Test("plan and package say what the model's reader has to say, as of trees after the best iteration")
  func notes() async throws {
    let project = try Self.project(Self.stopped)
    var session = project.session
    let notes = Notes()
    session.progress = notes
    _ = try await PlanProject(PackageRequest(project: project.path), in: session).run()
    let planned = notes.texts.filter { $0.hasPrefix("model: ") }
    #expect(planned.count == 1 && planned[0].contains("best"))
    _ = try await PackageProject(PackageRequest(project: project.path), in: session).run()
    #expect(notes.texts.filter { $0.hasPrefix("model: ") } == planned + planned)
  }

  @Test("iterations of opz.yaml travel in the image's environment to all that score the version")
  func iterations() async throws {
    let project = try Self.project(Self.stopped, ", iterations: best", program: "\(RuntimeMark.text)")
    let version = try await project.package().version
    let image = try await project.registry().store.image(version.record.image)
    #expect(image.config.config?.env?.contains("OPZ_MODEL_ITERATIONS=best") == true)
    let operand = ModelOperand("m@1.0.0", project.session)
    #expect(try await operand.load().model.treeCount == 1)
    #expect(try await operand.load(iterations: .all).model.treeCount == 2)
    let unpacked = try await operand.unpacked()
    defer { try? Durable.removeTree(unpacked.temporary ?? "") }
    #expect(unpacked.options == ReadingOptions(iterations: .best))
    // All iterations are another image, and the default, which leaves no trace in it.
    let all = try await project.package { $0.overrides = ["model.iterations=all"] }.version
    #expect(all.record.reference == "m@1.0.1")
    let other = try await project.registry().store.image(all.record.image)
    #expect(other.config.config?.env?.filter { $0.hasPrefix("OPZ_") } == ["OPZ_MODEL_NAME=m"])
  }

  private static let categories = HandMadeModel.json().replacing(
    #""feature_types":["float","float"]"#, with: #""feature_types":["float","c"]"#
  ).replacing(
    #""model":{"#, with: #""model":{"cats":{"enc":[{},{"offsets":[0,2,3],"values":[97,98,99]}]},"#)

  @Test(
    "opz test reads the model as the image's server does", arguments: [("missing", true), ("error", false)])
  func unseenRow(rule: String, passes: Bool) throws {
    let options = try ReadingOptions(environment: [ReadingOptions.unseenVariable: rule])
    #expect(options.environment == [ReadingOptions.unseenVariable: rule])
    let model = try ModelFormats.standard.read(Array(Self.categories.utf8), name: "m", options: options).model
    #expect(((try? RowEncoder(model).rows([["0", "nobody"]])) != nil) == passes)
    #expect((try? RowEncoder(model).rows([["0", "ab"]])) != nil)
  }

  @Test("the rule for unknown categories is of the version, and the caller's goes before it", arguments: ["yes", "no"])
  func unseen(isKnown: String) async throws {
    let mark = isKnown == "yes" ? "\(RuntimeMark.text)" : "opz-runtime-reads:xgboost-json;graph=1;workers=1;"
    let project = try Self.project(Self.categories, ", unseen: missing", program: mark)
    guard isKnown == "yes" else {
      let error = await #expect(throws: FlowError.self) { try await project.package() }
      #expect(error?.category == .conflict && error?.reason.contains("unknown categories") == true)
      return
    }
    let version = try await project.package().version
    let image = try await project.registry().store.image(version.record.image)
    #expect(image.config.config?.env?.contains("OPZ_MODEL_UNSEEN=missing") == true)
    func kind(_ rule: ReadingOptions.Unseen?) async throws -> Model.Kind {
      try await ModelOperand("m@1.0.0", project.session).load(unseen: rule).model.inputs[1].kind
    }
    let texts = ["ab", "c"]
    #expect(try await kind(nil) == .categorical(texts, unseen: .missing))
    #expect(try await kind(.error) == .categorical(texts, unseen: .refused))
    #expect(try await kind(.library) == .categorical(texts, unseen: .refused))
    let library = try await project.package { $0.overrides = ["model.unseen=library"] }.version
    #expect(library.record.reference == "m@1.0.1")
  }

  @Test("a format that opz.yaml names is checked for every runtime, and says which file of a directory is the model")
  func format() async throws {
    let wrong = try Self.project(HandMadeModel.json(), ", format: lightgbm")
    for runtime in ["native", "model"] {
      let error = await #expect(throws: ModelError.self) {
        try await wrong.package { $0.overrides = ["runtime.kind=\(runtime)"] }
      }
      #expect(error?.reason == "not LightGBM text: it looks like XGBoost JSON" && error?.category == .conflict)
    }
    let directory = try Self.project(HandMadeModel.json(), program: "\(RuntimeMark.text)")
    try directory.directory.write("p/d/model.json", HandMadeModel.json())
    try directory.directory.write("p/d/booster.txt", Self.lightGBM)
    let version = try await directory.package { $0.overrides = ["model.path=d", "model.format=lightgbm"] }.version
    #expect(version.record.model?.format == "lightgbm")
    let image = try await directory.registry().store.image(version.record.image)
    #expect(image.config.config?.env?.contains("OPZ_MODEL_FORMAT=lightgbm") == true)
    #expect(try await ModelOperand("m@1.0.0", directory.session).load().format.name == "lightgbm")
  }

  @Test("KServe is told of a model's file that its server would not load")
  func kserve() async throws {
    for (name, isNoted) in [("model.json", true), ("model.bst", false)] {
      let project = try Self.project(HandMadeModel.json())
      try project.directory.write("p/d/\(name)", Self.lightGBM)
      let version = try await project.package { $0.overrides = ["runtime.kind=model", "model.path=d"] }.version
      let request = DeployRequest(repository: try Reference(parsing: "registry.example/m"), target: .kserve)
      let stream = try await DeployVersion(version, request, in: project.session).manifests().stream
      #expect(stream.contains("name: lightgbm\n"))
      #expect(
        stream.contains("KServe's server loads files that end in .bst: rename the model's.") == isNoted, "\(stream)")
    }
  }

  @Test("another runtime may have a model of the format that opz does not read; unknown, opz does not look at it")
  func unread() async throws {
    func format(_ name: String) async throws -> String? {
      let project = try Self.project(HandMadeModel.json(objective: "my:own"))
      return try await project.package { $0.overrides = ["runtime.kind=model", "model.format=\(name)"] }.version.record
        .model?
        .format
    }
    #expect(try await format("xgboost-json") == "xgboost-json")
    #expect(try await format("unknown") == "unknown")
    #expect(try await format("auto") == "unknown")
  }
}
