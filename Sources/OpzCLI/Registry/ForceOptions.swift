import ArgumentParser
import OpzFlow

/// Options that override the gates of a policy.
struct ForceOptions: ParsableArguments {
  @Flag(help: "Move the alias whatever the gates of the policy say; with --reason, and the event says so.")
  var force = false
  @Option(help: "Why, with --force.") var reason: String?

  func validate() throws {
    guard force == (reason != nil) else { throw ValidationError("--force and --reason TEXT belong together") }
  }

  func read() throws -> Override? { try reason.map { try Override($0) } }
}
