import OpzIO
import OpzRegistry
import SystemPackage

/// Finds the git commit of a project directory by running `git`.
enum GitLineage {
  /// Returns nil if there is no git, no repository or no commit yet.
  static func find(_ directory: FilePath, environment: [String]) async throws -> Lineage.GitCommit? {
    try await blocking {
      func git(_ arguments: String...) -> [String]? {
        let command = ["git", "-C", directory.string, "-c", "core.fsmonitor=false"] + arguments
        guard let result = try? ChildProcess.run(command, environment: environment), result.status == 0 else {
          return nil
        }
        return result.text.split(separator: "\n").map(String.init)
      }
      guard let lines = git("status", "--porcelain=v2", "--branch", "--", "."), let status = Status(lines) else {
        return nil
      }
      let remote = git("config", "--get", "remote.origin.url")?.first.flatMap(withoutCredentials)
      return Lineage.GitCommit(commit: status.commit, branch: status.branch, remote: remote, dirty: status.isDirty)
    }
  }

  /// The output of `git status --porcelain=v2 --branch` (git-status(1)).
  struct Status: Equatable {
    let commit: String
    /// Nil if HEAD is detached.
    let branch: String?
    let isDirty: Bool

    /// Returns nil if there is no commit yet.
    init?(_ lines: [String]) {
      func header(_ name: String) -> String? {
        lines.first { $0.hasPrefix("# \(name) ") }.map { String($0.dropFirst(name.count + 3)) }
      }
      // Before the first commit, git prints "(initial)" instead of a hash.
      guard let commit = header("branch.oid"), commit.utf8.count >= 40 else { return nil }
      self.commit = commit
      branch = header("branch.head").flatMap { $0 == "(detached)" ? nil : $0 }
      isDirty = lines.contains { !$0.hasPrefix("#") }
    }
  }

  /// A remote's URL without user and password; nil for a local path, which means nothing on other machines.
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
