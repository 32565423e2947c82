import OpzIO
import OpzRegistry
import SystemPackage

/// The git commit of a project directory, found by asking git.
enum GitLineage {
  /// Nil where there is no git, no repository, or no commit yet.
  static func find(_ directory: FilePath, environment: [String]) async throws -> Lineage.GitCommit? {
    try await blocking {
      func git(_ arguments: String...) -> String? {
        let command = ["git", "-C", directory.string, "-c", "core.fsmonitor=false"] + arguments
        guard let result = try? ChildProcess.run(command, environment: environment), result.status == 0 else {
          return nil
        }
        return result.text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init)
      }
      guard let commit = git("rev-parse", "--verify", "HEAD"), commit.utf8.count >= 40 else { return nil }
      let branch = git("symbolic-ref", "--quiet", "--short", "HEAD")
      let remote = git("config", "--get", "remote.origin.url").flatMap(withoutCredentials)
      let dirty = !(git("status", "--porcelain", "--", ".") ?? "").isEmpty
      return Lineage.GitCommit(commit: commit, branch: branch, remote: remote, dirty: dirty)
    }
  }

  /// A remote's address without user and password. A local path says nothing to others and is left out.
  static func withoutCredentials(_ remote: String) -> String? {
    guard let scheme = remote.firstRange(of: "://") else {
      return remote.hasPrefix("/") || remote.hasPrefix(".") ? nil : remote
    }
    guard remote[..<scheme.lowerBound] != "file" else { return nil }
    let rest = remote[scheme.upperBound...]
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    guard let at = rest[..<end].lastIndex(of: "@") else { return remote }
    return String(remote[..<scheme.upperBound]) + rest[rest.index(after: at)...]
  }
}
