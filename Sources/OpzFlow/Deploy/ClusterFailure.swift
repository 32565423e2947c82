import OpzDeploy
import OpzIO

/// Classifies kubectl's error messages; its exit code is the same for all failures.
enum ClusterFailure {
  /// The first match counts. The texts are from kubectl and from the errors of k8s.io/apimachinery.
  private static let meanings: [(words: String, category: ErrorCategory, hint: String)] = [
    (
      "Apply failed with", .conflict,
      "another field manager owns these fields: agree with it, or take them over with kubectl apply --server-side --field-manager opz --force-conflicts"
    ),
    ("You must be logged in to the server", .network, "log in to the cluster; kubectl auth whoami shows who you are"),
    (
      "asked for the client to provide credentials", .network,
      "log in to the cluster; kubectl auth whoami shows who you are"
    ),
    ("denied the request", .refused, "the cluster's own rules refuse the object"),
    ("violates PodSecurity", .refused, "the namespace's Pod Security level refuses the pods"),
    ("exceeded quota", .refused, "the namespace's quota is used up"),
    ("is being terminated", .conflict, "the namespace is being deleted: wait until it is gone, or choose another"),
    ("(Forbidden)", .network, "kubectl auth can-i --list shows what you may do there"),
    (
      "no matches for kind", .notFound,
      "the cluster does not have this kind: install what defines it, or choose another --target"
    ),
    (
      "namespaces \"", .notFound,
      "create it with kubectl create namespace NAME, or set deploy: {namespace: {name: NAME}} in opz.yaml"
    ),
    (
      "could not find the requested resource", .notFound,
      "the cluster does not have this kind: install what defines it, or choose another --target"
    ),
    ("Unable to connect to the server", .network, "kubectl cluster-info shows whether the cluster responds"),
    ("The connection to the server", .network, "kubectl cluster-info shows whether the cluster responds"),
    ("dial tcp", .network, "kubectl cluster-info shows whether the cluster responds"),
  ]

  static func error(_ command: String, _ result: ChildProcess.Output) -> FlowError {
    var known: Set<Substring> = []
    let all = result.errorText.split(separator: "\n").filter { line in
      !line.hasPrefix("Warning: ") && !isLog(line) && known.insert(line).inserted
    }
    // kubectl's advice after a conflict is about its own options.
    let words = all.prefix { !$0.hasPrefix("Please review the fields above") }.prefix(12).joined(separator: "\n")
    let meaning = meanings.first { words.contains($0.words) }
    return FlowError(
      meaning?.category ?? .failed, command, reason: "it exited with status \(result.status): \(words.prefix(2000))",
      hint: meaning?.hint)
  }

  /// Whether the line is a log message, such as `E1128 20:30:27.773710   11545 memcache.go:381] ..`. The error itself
  /// is repeated after it.
  private static func isLog(_ line: Substring) -> Bool {
    line.hasPrefix("E") && line.dropFirst().prefix(4).allSatisfy(\.isNumber) && line.contains(".go:")
  }

  /// Whether the message says that the cluster does not have the object's kind.
  static func isUnknownKind(_ words: String, _ document: ManifestDocument) -> Bool {
    words.contains("no matches for kind \"\(document.kind)\" in version \"\(document.apiVersion)\"")
  }

  /// Whether a webhook with side effects refused the dry run.
  static func refusesDryRun(_ words: String) -> Bool { words.contains("does not support dry run") }
}
