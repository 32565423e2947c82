import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("The messages on the way from a directory with a model to a deployment")
struct WalkMessagesTests {
  /// A directory with one kind of model.
  struct Kind: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The archive of the tests, and the directory or file in it.
    let archive: String
    let member: String
    /// What `opz inspect` says of the directory.
    let says: String

    init(_ name: String, _ archive: String, member: String, says: String) {
      (testDescription, self.archive, self.member, self.says) = (name, archive, member, says)
    }
  }

  private static let start = "Tests/OpzFlowTests/Fixtures/start.tar.zst"
  private static let headers = "Tests/OpzFormatsTests/Fixtures/headers.tar.zst"
  private static let corpus = "Tests/OpzTrustTests/Fixtures/Corpus"

  static let kinds = [
    Kind("XGBoost UBJSON", headers, member: "model.ubj", says: "xgboost-ubjson"),
    Kind("LightGBM", start, member: "lightgbm", says: "lightgbm"),
    Kind("CatBoost", headers, member: "model.cbm", says: "CatBoost"),
    Kind("ONNX", start, member: "onnx-text", says: "StringNormalizer"),
    Kind("PMML", headers, member: "model.pmml", says: "PMML"),
    Kind("pickle", start, member: "sklearn-pickle", says: "pickle"),
    Kind("joblib", start, member: "sklearn-joblib", says: "pickle"),
    Kind("compressed joblib", start, member: "sklearn-compressed", says: "compression"),
    Kind("skops", start, member: "skops", says: "sklearn"),
    Kind("MLflow sklearn", start, member: "mlflow-sklearn", says: "MLflow"),
    Kind("MLflow pyfunc", start, member: "mlflow-pyfunc", says: "MLflow"),
    Kind("R", "\(corpus)/benign_r.tar.zst", member: "0013/model.rds", says: "R object"),
    Kind("safetensors", headers, member: "model.safetensors", says: "safetensors"),
    Kind("GGUF", headers, member: "model.gguf", says: "GGUF"),
    Kind("TorchScript", "\(corpus)/benign_torchscript.tar.zst", member: "0000/model.pt", says: "TorchScript"),
    Kind("Keras", "\(corpus)/benign_formats.tar.zst", member: "0000/model.keras", says: "Keras"),
    Kind("src layout", start, member: "sklearn-joblib", says: "pickle"),
  ]

  /// Writes the directory `m`.
  private func write(_ kind: Kind, _ opz: Command) throws {
    let archive = PackageRoot.path(#filePath).pushing(FilePath(kind.archive))
    let script = """
      set -e; mkdir x m; zstd -dcq '\(archive)' | tar -x -C x -f - '\(kind.member)'
      if [ -d 'x/\(kind.member)' ]; then cp -r 'x/\(kind.member)/.' m; else cp 'x/\(kind.member)' m; fi
      """
    let made = try ChildProcess.run(["sh", "-c", script], directory: opz.directory.path)
    try #require(made.status == 0, "\(made.errorText)")
    guard kind.testDescription == "src layout" else { return }
    try opz.directory.write(
      "m/pyproject.toml",
      """
      [project]
      name = "service"
      version = "0.1.0"
      requires-python = ">=3.11"
      dependencies = []

      """)
    try opz.directory.write("m/src/service/__init__.py", "")
    try opz.directory.write("m/uv.lock", "version = 1\nrevision = 3\nrequires-python = \">=3.11\"\n")
  }

  private func command(_ kind: Kind) throws -> Command {
    var opz = try Command()
    opz.environment["OPZ_UV"] = "/nowhere/uv"
    opz.environment["OPZ_SERVER"] = try BuiltPrograms.server().string
    try write(kind, opz)
    return opz
  }

  /// The first command that a hint tells to run, if nothing in it is left to the user.
  static func advised(by text: String) -> [String]? {
    guard let hint = text.firstRange(of: "hint: "), let start = text[hint.upperBound...].firstRange(of: "opz ") else {
      return nil
    }
    let words = text[start.upperBound...].prefix { !";,\n\"(".contains($0) }.split(separator: " ").map(String.init)
    let ends = [
      "writes", "says", "lists", "shows", "pins", "puts", "records", "needs", "for", "that", "then", "has", "and",
    ]
    let command = Array(words.prefix { !ends.contains($0) })
    let isOpen = command.contains { $0.contains("HOST") || $0.contains("FILE") || $0 == "VERSION" || $0 == "NAME" }
    guard let name = command.first, CommandTests.commands.contains(name), !isOpen, !command.contains("..") else {
      return nil
    }
    return command
  }

  /// Does what the hints say until something works or only the user can go on.
  private func follow(_ opz: Command, _ first: [String], said: String) throws {
    var (seen, text) = ([first], said)
    while let next = WalkMessagesTests.advised(by: text) {
      #expect(!seen.contains(next), "a circle: \(seen.map { $0.joined(separator: " ") }): \(text)")
      guard !seen.contains(next), seen.count < 6 else { return }
      seen.append(next)
      let result = try opz.run(next)
      if result.status == 0 { return }
      text = result.errorText
    }
  }

  @Test("opz inspect of the directory says what its model is", arguments: kinds)
  func inspected(kind: Kind) throws {
    let opz = try command(kind)
    let result = try opz("inspect", "m")
    #expect((result.text + result.errorText).contains(kind.says), "\(result.text)\(result.errorText)")
    #expect(!result.errorText.contains("save an XGBoost model"), "\(result.errorText)")
    let scan = try opz("scan", "m")
    #expect(scan.status == 0 || scan.status == 5, "\(scan.errorText)")
  }

  @Test("no step sends the user in a circle or advises what does not help", arguments: kinds)
  func circles(kind: Kind) throws {
    let opz = try command(kind)
    let isMLflow = kind.member == "mlflow-sklearn"
    for step in [["lock", "m"], ["plan", "m"], ["package", "m"]] where !isMLflow {
      let result = try opz.run(step)
      #expect(result.status == 2 && result.errorText.contains("hint: opz init"), "\(result.errorText)")
    }
    let made = try opz("init", "m", "--base", "scratch")
    #expect(made.status == 0 && made.errorText.contains("next: "), "\(kind): \(made.errorText)")
    let steps = [
      ["inspect", "m"], ["lock", "m"], ["lock", "m", "--check"], ["plan", "m"], ["package", "m"], ["test", "m@1.0.0"],
      ["deploy", "m@1.0.0", "--image", "registry.example/m", "--output", "-"], ["push", "m@1.0.0"],
    ]
    for step in steps {
      let result = try opz.run(step)
      guard result.status != 0 else { continue }
      let text = result.errorText
      // What a server says before it ends has no hint of opz's.
      #expect(
        step[0] == "test" || text.contains("hint: ") || text.contains("Usage: "),
        "\(kind): opz \(step.joined(separator: " ")): \(text)")
      #expect(!text.contains("opz init m"), "\(kind): opz \(step.joined(separator: " ")): \(text)")
      #expect(!text.contains("save an XGBoost model") && !text.contains("/./"), "\(kind): \(text)")
      try follow(opz, step, said: text)
    }
  }

  @Test("a directory without a model is told apart from one", arguments: ["", "notes.txt", "data.csv"])
  func nothing(file: String) throws {
    let opz = try Command()
    try Durable.makeDirectory(opz.directory.path.appending("m"))
    if !file.isEmpty { try opz.directory.write("m/\(file)", "a,b\n1,2\n") }
    let result = try opz("init", "m")
    #expect(result.status == 2 && result.errorText.contains("no model that opz can read"), "\(result.errorText)")
    #expect(try opz("inspect", "m").status != 0)
  }
}
