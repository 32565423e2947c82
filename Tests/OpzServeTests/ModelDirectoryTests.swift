import OpzFormats
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzInference
@testable import OpzServe

@Suite("A directory of models")
struct ModelDirectoryTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func found() throws -> [ModelKey: ModelSource] {
    Dictionary(
      try ModelDirectory(directory.path).sources().map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
  }

  @Test("Versions, models without one, Triton's files, and settings with relative paths")
  func layout() throws {
    try directory.write("churn/1/model.json", "{}")
    try directory.write("churn/2/model.json", "{}")
    try directory.write("churn/.git/x", "")
    try directory.write("churn/config.pbtxt", "")
    try directory.write("fraud/model.onnx", "")
    try directory.write("fraud/notes/readme.txt", "")
    try directory.write("README.md", "")
    try directory.write(".hidden/1/model.json", "")
    try directory.write(
      "iris/serve.json",
      #"{"opz_serve":1,"model":"model.pkl","name":"team/iris","version":"1.2.0","worker":{"kind":"python","command":["python3"],"path":"/opt/w","predict":"code/predict.py","environment":{"A":"b"}}}"#
    )
    try directory.write("other/7/serve.json", #"{"opz_serve":1,"model":".","reading":{"iterations":"best"}}"#)
    let found = try found()
    #expect(
      Set(found.keys.map { "\($0.name) \($0.version)" }) == [
        "churn 1", "churn 2", "fraud 1", "team/iris 1.2.0", "other 7",
      ])
    #expect(
      try found[ModelKey(name: "fraud", version: "1")]?.settings.get().model == directory.path.appending("fraud").string
    )
    let iris = try #require(try found[ModelKey(name: "team/iris", version: "1.2.0")]?.settings.get())
    #expect(iris.model == directory.path.appending("iris/model.pkl").string && iris.worker?.path == "/opt/w")
    #expect(iris.worker?.predict == directory.path.appending("iris/code/predict.py").string)
    #expect(iris.worker?.environment == ["A": "b"])
    let other = try #require(try found[ModelKey(name: "other", version: "7")]?.settings.get())
    #expect(other.model == directory.path.appending("other/7").string && other.reading?.iterations == .best)
  }

  @Test("A model that is wrong or there twice keeps the others from nothing")
  func wrong() throws {
    try directory.write("a/1/model.json", "{}")
    try directory.write("b/serve.json", "{")
    try directory.write("c/serve.json", #"{"opz_serve":1,"model":"m","name":"a","version":"1"}"#)
    let sources = try ModelDirectory(directory.path).sources()
    #expect(sources.map { "\($0.name) \($0.version)" } == ["a 1", "b 1", "a 1"])
    #expect((try? sources[0].settings.get()) != nil && (try? sources[1].settings.get()) == nil)
    let twice = #expect(throws: ServeError.self) { try sources[2].settings.get() }
    #expect(twice?.reason.contains("is a 1 too") == true)
  }

  @Test("Settings say how a model is read, and are written as they are read")
  func settings() throws {
    var settings = ServeSettings(model: "m")
    settings.reading = ReadingOptions(iterations: .best, format: "lightgbm", unseen: .error)
    var worker = ServeSettings.Worker(.r, command: ["Rscript"])
    worker.environment = ["LANG": "C.UTF-8"]
    settings.worker = worker
    #expect(try ServeSettings(json: settings.json()) == settings)
    for wrong in [
      #"{"opz_serve":1,"model":"m","reading":{"iterations":"some"}}"#,
      #"{"opz_serve":1,"model":"m","reading":{"x":1}}"#,
      #"{"opz_serve":1,"model":"m","worker":{"kind":"r","command":["R"],"environment":{"a=b":"c"}}}"#,
      #"{"opz_serve":1,"model":"m","worker":{"kind":"r","command":["R"],"environment":{"a":1}}}"#,
    ] {
      #expect(throws: SettingsError.self) { try ServeSettings(json: Array(wrong.utf8)) }
    }
  }
}
