import ArgumentParser
import OpzFlow
import OpzIO

/// What a tag has to name before it is moved.
struct ExpectOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What the tag must name now: a digest, or none. Else exit code 3, and nothing is moved.", valueName: "digest"))
  var expect: String?

  /// Nil where nothing was asked for.
  var value: TagExpectation? {
    expect.map { $0 == "none" ? .absent : Digest($0).map { .digest($0) } ?? .absent }
  }

  func validate() throws {
    if let expect, expect != "none", Digest(expect) == nil {
      throw ValidationError("--expect \(expect): write sha256:.. or none")
    }
  }
}
