import ArgumentParser
import OpzFlow
import OpzIO

/// `--expect`: what a tag must name before it is moved.
struct ExpectOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What the tag must name now: a digest, or none. Otherwise exit code 3, and nothing is moved.", valueName: "digest"
    ))
  var expect: String?

  /// The parsed expectation; nil if the option is not given.
  var value: TagExpectation? {
    expect.map { $0 == "none" ? .absent : Digest($0).map { .digest($0) } ?? .absent }
  }

  func validate() throws {
    if let expect, expect != "none", Digest(expect) == nil {
      throw ValidationError("--expect \(expect): write sha256:.. or none")
    }
  }
}
