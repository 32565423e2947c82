import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzMLflow

@Suite("Directories where artifacts may be")
struct ArtifactDirectoriesTests {
  let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write("store/mlruns/a b/MLmodel", "x")
    try directory.write("copy/1/model/MLmodel", "x")
    try directory.write("secret/key", "x")
    _ = try ChildProcess.run(["ln", "-s", "../secret", directory.path.appending("store/link").string])
  }

  func directories(_ named: String...) throws -> ArtifactDirectories {
    try ArtifactDirectories(database: directory.path.appending("store/mlflow.db"), named: named, in: directory.path)
  }

  func root(_ text: String) throws -> FilePath { try #require(RealPath.of(directory.path)).pushing(FilePath(text)) }

  @Test("below the database, in every notation of MLflow")
  func below() throws {
    let wanted = try root("store/mlruns/a b")
    let path = directory.path.appending("store/mlruns/a b").string
    for location in [
      "./mlruns/a b", "mlruns/a b", path, "file://\(path)", "file:\(path)",
      "file://\(path.replacing(" ", with: "%20"))",
    ] {
      #expect(try directories().find(location) == wanted, "\(location)")
    }
  }

  @Test("--artifacts maps a prefix to a directory")
  func moved() throws {
    let wanted = try root("copy/1/model")
    #expect(try directories("s3://bucket/x=copy").find("s3://bucket/x/1/model") == wanted)
    #expect(try directories("copy").find("mlflow-artifacts:/1/model") == wanted)
    #expect(try directories("copy").find("mlflow-artifacts://host:5000/1/model") == wanted)
    #expect(try directories("/old/home=copy").find("/old/home/1/model") == wanted)
    #expect(try directories("s3://b=copy", "s3://b/longer=copy/1").find("s3://b/longer/model") == wanted)
  }

  @Test(
    "paths outside the allowed directories are refused",
    arguments: [
      "/etc", "/etc/passwd", "../secret", "../secret/key", "link", "link/key", "file:///etc", "mlruns/../../secret",
      "s3://bucket/x", "", "mlflow-artifacts:/1/model", "dbfs:/x", "%2e%2e/secret", "file:../secret",
      "file:%2e%2e/secret", "/",
    ])
  func outside(_ location: String) throws {
    let error = #expect(throws: MLflowError.self) { try directories().find(location) }
    #expect(error?.code == .noArtifacts)
  }

  @Test("a prefix cannot lead out of its directory")
  func escape() throws {
    #expect(throws: MLflowError.self) { try directories("s3://b=copy").find("s3://b/../secret") }
    #expect(throws: MLflowError.self) { try directories("none") }
  }
}
