import OpzIO

/// What is known beside the manifests, and what is not asked.
public struct LintOptions: Sendable {
  /// Codes that are not looked for.
  public var allowed: Set<String> = []
  /// What is below is left out.
  public var minimum = Severity.note
  /// Requests a second that must be served, and those that one pod serves.
  public var need: Double?
  public var perPod: Double?
  /// From a container's start to its first answer.
  public var loadSeconds: Double?
  /// Threads to read and check with.
  public var threads = Cores.count

  public init() {}
}
