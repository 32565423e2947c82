import OpzIO
import OpzRegistry
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzFlow

/// The recorded git lineage of a project, compared with git's own output.
@Suite("The git commit of a project")
struct GitLineageTests {
  let directory: TemporaryDirectory
  private let environment: [String]

  init() throws {
    directory = try TemporaryDirectory()
    environment = [
      "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=\(directory.path)", "GIT_CONFIG_NOSYSTEM=1",
      "GIT_CEILING_DIRECTORIES=\(directory.path.removingLastComponent())", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b",
      "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
    ]
  }

  private func git(_ words: String...) throws -> String {
    let result = try ChildProcess.run(
      ["git", "-C", directory.path.string] + words, environment: environment)
    try #require(result.status == 0, "\(words): \(result.errorText)")
    return String(result.text.split(separator: "\n").first ?? "")
  }

  private func found(_ place: String = ".") async throws -> Lineage.GitCommit? {
    try await GitLineage.find(directory.path.pushing(FilePath(place)), environment: environment)
  }

  @Test("commit, branch and remote are git's; an uncommitted change in the project makes it dirty")
  func lineage() async throws {
    #expect(try await found() == nil, "no repository")
    _ = try git("init", "-q", "-b", "main")
    #expect(try await found() == nil, "no commit")
    try directory.write("p/model", "1")
    try directory.write("other/file", "1")
    _ = try git("add", "-A")
    _ = try git("commit", "-q", "-m", "one")
    let commit = try git("rev-parse", "HEAD")
    #expect(try await found("p") == Lineage.GitCommit(commit: commit, branch: "main", remote: nil, dirty: false))

    try directory.write("other/file", "2")
    #expect(try await found("p")?.dirty == false)
    try directory.write("p/new", "1")
    #expect(try await found("p")?.dirty == true)
    _ = try git("add", "-A")
    #expect(try await found("p")?.dirty == true)
    _ = try git("commit", "-q", "-m", "two")
    _ = try git("remote", "add", "origin", "https://me:secret@git.example/crm/churn.git")
    _ = try git("checkout", "-q", "--detach")
    #expect(
      try await found("p")
        == Lineage.GitCommit(
          commit: try git("rev-parse", "HEAD"), branch: nil, remote: "https://git.example/crm/churn.git", dirty: false))
    _ = try git("checkout", "-q", "-b", "feature/a-b")
    #expect(try await found("p")?.branch == "feature/a-b")
  }

  @Test("a file name cannot imitate git's output")
  func names() {
    let oid = String(repeating: "ab", count: 20)
    #expect(GitLineage.Status(["# branch.oid \(oid)", "# branch.head main", "? # branch.head evil"])?.branch == "main")
    #expect(GitLineage.Status(["# branch.oid (initial)", "# branch.head main"]) == nil)
    #expect(GitLineage.Status(["? # branch.oid \(oid)"]) == nil)
    #expect(GitLineage.Status([]) == nil)
  }
}
