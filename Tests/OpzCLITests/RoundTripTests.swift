import OpzIO
import OpzJSON
import OpzTestKit
import SystemPackage
import Testing

/// What a small version costs over a long line to docker-registry, as `scripts/bench_far.py` counts it: one step for each
/// request, answer or handshake that had to wait for another.
@Suite("Round trips to a registry that is far away")
struct RoundTripTests {
  private struct Limits {
    let push: Int
    let again: Int
    let pull: Int
  }

  @Test("a signed version is pushed, pushed again and pulled within the limits, over plain HTTP")
  func plain() async throws { try await check(Limits(push: 10, again: 4, pull: 8), []) }

  @Test("and with TLS and a token")
  func secure() async throws { try await check(Limits(push: 16, again: 10, pull: 13), ["--tls"]) }

  /// A busy machine that sends late what could have been sent at once adds to the count, and never takes from it. So
  /// the delay grows until the count is right.
  private func check(_ limits: Limits, _ options: [String]) async throws {
    var last = ""
    for delay in ["300", "1000", "3000"] {
      let output = try await blocking {
        try ChildProcess.run(
          [
            "python3", PackageRoot.path(#filePath).appending("scripts/bench_far.py").string,
            try BuiltPrograms.opz().string, "--rtt", delay,
          ] + options)
      }
      try #require(output.status == 0, "\(output.errorText)")
      let counts = try CanonicalJSON.decode([String: JSONValue].self, from: output.output, subject: "bench_far.py")
      let (push, again, pull) = try (steps("push", counts), steps("again", counts), steps("pull", counts))
      #expect(push > 5 && again > 2 && pull > 5, "what does not pass through the line is not counted")
      if push <= limits.push, again <= limits.again, pull <= limits.pull { return }
      last = "push \(push), again \(again), pull \(pull): \(output.text)"
    }
    Issue.record("\(last)")
  }

  private func steps(_ name: String, _ counts: [String: JSONValue]) throws -> Int {
    guard case .object(let count)? = counts[name], case .integer(let steps)? = count["steps"] else {
      throw MissingProgram("the count of \(name)")
    }
    return Int(steps)
  }
}
