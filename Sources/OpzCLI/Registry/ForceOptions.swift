import ArgumentParser
import OpzFlow

/// Options that override the gates of a policy.
struct ForceOptions: ParsableArguments {
  @Flag(help: "Move the alias even if gates of the policy fail; requires --reason, and the event records it.")
  var force = false
  @Option(help: "The reason for --force.") var reason: String?

  func validate() throws {
    guard force == (reason != nil) else { throw ValidationError("--force and --reason TEXT require each other") }
  }

  func read() throws -> Override? { try reason.map { try Override($0) } }
}
