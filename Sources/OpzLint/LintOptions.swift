import OpzIO

/// What to check for, and facts that the manifests do not contain.
public struct LintOptions: Sendable {
  /// The codes of rules that are skipped.
  public var allowed: Set<String> = []
  /// Findings below this severity are omitted.
  public var minimum = Severity.note
  /// The peak load in requests per second.
  public var need: Double?
  /// The requests per second that one pod can serve.
  public var perPod: Double?
  /// Seconds from a container's start to its first response.
  public var loadSeconds: Double?
  /// The number of threads that read and check.
  public var threads = Cores.count

  /// Creates options with all rules and no facts.
  public init() {}
}
