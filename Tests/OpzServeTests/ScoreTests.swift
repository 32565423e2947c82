import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzServe

@Suite("opz-server score")
struct ScoreTests {
  @Test("the shard comes from Kubernetes, and flags take precedence")
  func order() throws {
    let environment = ["JOB_COMPLETION_INDEX": "3", "OPZ_SHARDS": "8", "OPZ_MODEL": "/m"]
    let options = try ScoreOptions(arguments: ["--input", "i", "--output=o"], environment: environment)
    #expect(
      options.shard == 3 && options.shards == 8 && options.model == "/m" && options.input == "i"
        && options.output == "o")
    let flags = [
      "--input=i", "--output=o", "--shard", "1", "--shards=2", "--kind", "leaf", "--keep", "a", "--ignore=b",
      "--missing=NA",
    ]
    let other = try ScoreOptions(arguments: flags, environment: environment)
    #expect(other.shard == 1 && other.shards == 2 && other.batch.kind == .leaf)
    #expect(other.batch.keep == ["a"] && other.batch.ignore == ["b"] && other.batch.missing == ["NA"])
  }

  @Test(
    "wrong usage is refused by name",
    arguments: [
      ([], "--input"), (["--input=i"], "--output"), (["--input=i", "--output=o", "--shard=1"], "--shard"),
      (["--input=i", "--output=o", "--shards=0"], "--shards"), (["--input=i", "--output=o", "--shards=x"], "--shards"),
      (["--input=i", "--output=o", "--kind=p"], "--kind"), (["--input"], "--input"), (["--port=1"], "--port=1"),
    ])
  func wrong(arguments: [String], subject: String) {
    let error = #expect(throws: ServeError.self) { try ScoreOptions(arguments: arguments, environment: [:]) }
    #expect(error?.subject == subject && error?.category == .usage)
  }

  /// Runs the program itself, as the Job starts it.
  @Test("the parts of all pods together are the whole table, and a pod can be run again")
  func program() async throws {
    let directory = try TemporaryDirectory()
    let root = PackageRoot.path(#filePath).appending("examples/churn")
    @Sendable func score(_ output: String, _ environment: [String], arguments: [String] = []) throws
      -> ChildProcess.Output
    {
      try ChildProcess.run(
        [
          try RunningServer.program(), "score", "--input", root.appending("holdout.csv").string, "--output",
          directory.path.appending(output).string,
        ] + arguments,
        environment: ["OPZ_MODEL=\(root.appending("model.json"))"] + environment)
    }
    try await blocking {
      let whole = try score("whole", [])
      try #require(whole.status == 0, "\(whole.errorText)")
      for index in [0, 1, 2, 3, 4, 2] {
        let part = try score("parts", ["JOB_COMPLETION_INDEX=\(index)"], arguments: ["--shards", "5"])
        try #require(part.status == 0, "\(part.errorText)")
      }
      let wanted = try FileBlob(directory.path.appending("whole/holdout.csv")).bytes()
      let parts = directory.path.appending("parts")
      let names = try Directory.entries(parts)
      #expect(names.map(\.string) == (0..<5).map { "holdout-0000\($0)-of-00005.csv" })
      var joined = Array(wanted[...(wanted.firstIndex(of: 10) ?? 0)])
      for name in names {
        let bytes = try FileBlob(parts.appending(name)).bytes()
        joined += bytes[((bytes.firstIndex(of: 10) ?? -1) + 1)...]
      }
      #expect(joined == wanted)
      #expect(try score("parts", ["JOB_COMPLETION_INDEX=5"], arguments: ["--shards", "5"]).status == 64)
    }
  }
}
