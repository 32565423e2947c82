import Glibc
import OpzIO
import OpzOCI
import OpzTestKit
import OpzYAML
import SystemPackage
import Testing

@testable import OpzProject

@Suite("opz init")
struct ProjectStarterTests {
  private func write(_ name: String, in directory: FilePath, _ text: String = MadeUpFormat.text) throws {
    let file = try OpenFile.creating(directory.appending(name))
    try file.write(Array(text.utf8))
  }

  private func text(_ path: FilePath) throws -> String {
    String(decoding: try FileBlob(path).bytes(), as: UTF8.self)
  }

  @Test func theFileIsReadableAndComplete() throws {
    let temporary = try TemporaryDirectory()
    for name in ["a.sums", "model.json", "notes.txt"] { try write(name, in: temporary.path) }
    try write("metrics.json", in: temporary.path, "{}")
    let path = try ProjectStarter(temporary.path).write(MadeUpFormat.formats)
    #expect(path == temporary.path.appending("opz.yaml"))
    let config = try ConfigReader.read(path)
    #expect(config.model.path == "model.json")
    #expect(config.lineage.metrics == "metrics.json")
    #expect(config.runtime.kind == .native)
    #expect(config.deploy?.replicas == .init(min: 2, max: 10))
    try config.checkFiles(in: temporary.path)
  }

  /// Each commented key works when it is uncommented.
  @Test func theCommentsAreRight() throws {
    let yaml = StarterText(name: "churn", model: "model.json", format: "xgboost-json", files: []).yaml
    let uncommented = yaml.split(separator: "\n").map { line -> String in
      guard let hash = line.firstIndex(of: "#"), line[..<hash].allSatisfy({ $0 == " " }),
        line[hash...].contains(#/^\# [a-z]+: /#)
      else { return String(line) }
      return String(line[..<hash] + line[hash...].dropFirst(2))
    }
    let config = try ConfigReader.read(uncommented.joined(separator: "\n"))
    #expect(config.code == ["predict.py", "lib/"])
    #expect(config.config == ["config.json"])
    #expect(config.env == ["THRESHOLD": "0.5"])
    #expect(config.lineage.data == ["data/train.csv"])
    #expect(config.lineage.parent == "churn@1.1.0")
    #expect(config.lineage.tags == ["team": "crm"])
    #expect(config.push?.to == "registry.example/churn")
  }

  @Test func aModelThatIsALinkOutOfTheProjectIsFollowed() throws {
    let temporary = try TemporaryDirectory()
    let project = temporary.path.appending("snapshot")
    try Durable.makeDirectory(project)
    try write("blob", in: temporary.path)
    try #require(symlink("../blob", project.appending("model.json").string) == 0)
    #expect(try ConfigReader.read(ProjectStarter(project).write(MadeUpFormat.formats)).links == .follow)
    try Durable.remove(project.appending("opz.yaml"))
    try Durable.remove(project.appending("model.json"))
    try write("real.json", in: project)
    try #require(symlink("real.json", project.appending("model.json").string) == 0)
    #expect(try ConfigReader.read(ProjectStarter(project).write(MadeUpFormat.formats)).links == .keep)
  }

  @Test func anExistingFileIsKept() throws {
    let temporary = try TemporaryDirectory()
    try write("model.json", in: temporary.path)
    try write("opz.yaml", in: temporary.path, "mine")
    let error = #expect(throws: ConfigError.self) { try ProjectStarter(temporary.path).write(MadeUpFormat.formats) }
    #expect(error?.category == .conflict)
    #expect(
      error?.description.hasSuffix("opz.yaml: the file already exists\n\nhint: edit it, or remove it first") == true)
    #expect(try text(temporary.path.appending("opz.yaml")) == "mine")
  }

  @Test func noModelIsNotFound() throws {
    let temporary = try TemporaryDirectory()
    try write("notes.txt", in: temporary.path, "notes")
    try #require(mkfifo(temporary.path.appending("pipe.json").string, 0o600) == 0)
    let error = #expect(throws: ConfigError.self) { try ProjectStarter(temporary.path).write(MadeUpFormat.formats) }
    #expect(error?.category == .notFound)
    #expect(try FileStatus.find(temporary.path.appending("opz.yaml")) == nil)
  }

  static let names = [
    "churn", "My Model (v2)", "Straße", "模型", "a..b", "-x-", "UPPER_case", "versions", "lock", "123", "1e5", "null",
    "yes",
    "~", "a: b", "# x", "'q'", "\"q\"", "a\\b", "a\tb", "a\nb", "{}", "[x]", "*a", "&a", "!t", "%", "@", "`", " ", ".",
    "..a",
    "e\u{301}", "\u{1F600}", "\u{7F}", "\u{85}x", "\u{2028}", "\u{FEFF}x", String(repeating: "n", count: 250),
  ]

  @Test(arguments: names)
  func anyDirectoryAndAnyModelNameGiveAReadableFile(name: String) throws {
    let temporary = try TemporaryDirectory()
    let directory = name == "." ? temporary.path : temporary.path.appending(name)
    if name != "." { try Durable.makeDirectory(directory) }
    let model = name == "." ? "x" : name
    try write(model, in: directory)
    do {
      let path = try ProjectStarter(directory).write(MadeUpFormat.formats)
      let config = try ConfigReader.read(path)
      #expect(config.model.path == model)
      try config.checkFiles(in: directory)
    } catch let error as ConfigError {
      // opz.yaml cannot contain such a name, so the starter does not name such a file.
      #expect(error.category == .notFound)
      #expect(name.unicodeScalars.contains(where: ProjectStarter.isUnwritable) || name.hasPrefix("."))
    }
  }

  @Test(arguments: 0..<50)
  func randomNamesGiveAReadableFile(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let scalars = (0..<Int.random(in: 1...30, using: &generator)).compactMap { _ in
      Unicode.Scalar(UInt32.random(in: 0x20...0x2FFF, using: &generator))
    }
    var name = ""
    for scalar in scalars where scalar != "/" { name.unicodeScalars.append(scalar) }
    for text in [StarterText(name: "m", model: "m" + name, format: "f\n" + name, files: [])] {
      guard !name.unicodeScalars.contains(where: ProjectStarter.isUnwritable) else { continue }
      #expect(try ConfigReader.read(text.yaml).model.path == "m" + name, "seed \(seed)")
    }
    let proposed = ProjectStarter(FilePath("/tmp/" + name)).modelName()
    #expect((try? ModelName(proposed)) != nil, "seed \(seed): \(proposed)")
  }

  @Test("what a model says of itself is one printable line of a comment, at most 200 characters")
  func comments() throws {
    let hostile = "x\u{2028}opz: 2\u{202e}\n\r- a\u{85}b\u{FEFF}" + String(repeating: "\u{200b}", count: 500)
    var worker = WorkerModel(.python, path: "model.pkl", title: hostile, loader: .scikitLearnPickle)
    worker.requirements = [PythonRequirement("numpy", because: hostile)]
    let yaml = StarterText(name: "m", model: "model.pkl", format: hostile, files: [], worker: worker).yaml
    for text in [yaml, RequirementsText.make(worker.requirements)] {
      #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || (0x20..<0x7f).contains($0.value) })
      #expect(
        text.split(separator: "\n").allSatisfy { ($0.split(separator: "#", maxSplits: 1).last?.count ?? 0) < 240 })
    }
    #expect(RequirementsText.make(worker.requirements).split(separator: "\n").count == 2)
    #expect(try ConfigReader.read(yaml).model.path == "model.pkl")
  }

  @Test(
    "separators of lines and what libyaml refuses cannot be in opz.yaml", arguments: [0x2028, 0x2029, 0xfffe, 0xffff])
  func unwritable(code: UInt32) throws {
    #expect(ProjectStarter.isUnwritable(try #require(Unicode.Scalar(code))))
  }

  @Test func theNameComesFromTheDirectory() {
    #expect(ProjectStarter("/a/Churn Model_2").modelName() == "churn-model_2")
    #expect(ProjectStarter("/a/churn/").modelName() == "churn")
    #expect(ProjectStarter("/a/churn/../b.c").modelName() == "b.c")
    #expect(ProjectStarter("/").modelName() == "model")
    #expect(ProjectStarter("/a/versions").modelName() == "model")
  }
}
