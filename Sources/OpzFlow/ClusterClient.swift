public import OpzDeploy
import OpzIO
import SystemPackage

/// kubectl, which knows the cluster, its certificates and its rules: opz speaks to no API server itself.
public struct ClusterClient: Sendable {
  private let program: String
  private let session: Session

  /// `OPZ_KUBECTL`, else `kubectl` on the PATH.
  public init(_ session: Session) {
    program = session.environment["OPZ_KUBECTL"].flatMap { $0.isEmpty ? nil : $0 } ?? "kubectl"
    self.session = session
  }

  /// Whether a cluster answers within three seconds.
  public func answers() async -> Bool {
    let result = try? await run(["get", "--raw", "/readyz", "--request-timeout", "3s"])
    return result?.status == 0
  }

  /// What the cluster would change, as `kubectl diff` says it; empty where it would change nothing.
  /// - Throws: `FlowError` where kubectl fails.
  public func difference(_ stream: String) async throws -> String {
    let result = try await run(["diff", "--server-side", "--field-manager", "opz", "-f", "-"], stream)
    // 1 says that there are differences.
    guard result.status <= 1 else { throw failure("diff", result) }
    return result.text
  }

  /// Applies the objects (server-side apply, so that other managers' fields stay theirs).
  /// - Returns: what kubectl says of each object.
  /// - Throws: `FlowError` where kubectl fails: then some objects may have been applied.
  public func apply(_ stream: String) async throws -> String {
    let result = try await run(["apply", "--server-side", "--field-manager", "opz", "-f", "-"], stream)
    guard result.status == 0 else { throw failure("apply", result) }
    return result.text
  }

  /// Deletes objects by their names, what uses another before it; one that is not there is no failure.
  /// - Returns: what kubectl says of each object.
  /// - Throws: `FlowError` where kubectl fails: then some objects may have been deleted.
  public func delete(_ documents: [ManifestStream.Document]) async throws -> String {
    guard !documents.isEmpty else { return "" }
    let stream = documents.reversed().map { "---\n" + $0.text }.joined()
    let result = try await run(["delete", "--ignore-not-found", "--wait=false", "-f", "-"], stream)
    guard result.status == 0 else { throw failure("delete", result) }
    return result.text
  }

  private func run(_ arguments: [String], _ input: String = "") async throws -> ChildProcess.Output {
    try await blocking { [program, session] in
      try ChildProcess.run(
        [program] + arguments, input: Array(input.utf8), environment: session.environmentList,
        directory: session.directory)
    }
  }

  private static let hints = [
    "apply": "nothing was recorded; objects that were applied before it failed stay",
    "delete": "the objects were applied, and nothing was recorded: the same command again goes on",
  ]

  private func failure(_ command: String, _ result: ChildProcess.Output) -> FlowError {
    let words = result.errorText.split(separator: "\n").suffix(5).joined(separator: "\n")
    return FlowError(
      .failed, "kubectl \(command)", "it ended with \(result.status): \(words.prefix(2000))",
      hint: ClusterClient.hints[command])
  }
}
