import OpzIO
import OpzTestKit
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("Where a user's files are")
struct HomeTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// `opz list` where there is no registry: it says where it looked.
  private func list(
    _ environment: [String: String], _ arguments: [String] = [], before: [String] = []
  ) throws -> ChildProcess.Output {
    try ChildProcess.run(
      before + [try BuiltPrograms.opz().string, "list"] + arguments,
      environment: (["PATH=/usr/bin:/bin"] + environment.map { "\($0.key)=\($0.value)" }), directory: directory.path)
  }

  /// The user's entry in the list of users.
  private var entry: String? { getpwuid(geteuid()).map { String(cString: $0.pointee.pw_dir) } }

  @Test(
    "without a HOME that is an absolute path the entry of the user counts",
    arguments: [[:], ["HOME": ""], ["HOME": "here"], ["HOME": "", "XDG_DATA_HOME": "data"], ["XDG_DATA_HOME": ""]])
  func entry(environment: [String: String]) throws {
    let home = try #require(entry)
    let result = try list(environment)
    #expect(result.errorText.contains("\(home)/.local/share/opz/registry"), "\(result.errorText)")
    #expect(result.status == 2)
    #expect(try directory.tree() == [])
  }

  @Test(
    "what is set counts in its order",
    arguments: [
      (["HOME": "/h"], "/h/.local/share/opz/registry"), (["HOME": "/h", "XDG_DATA_HOME": "/x"], "/x/opz/registry"),
      (["HOME": "/h", "XDG_DATA_HOME": "x"], "/h/.local/share/opz/registry"),
      (["XDG_DATA_HOME": "/x", "OPZ_REGISTRY": "/r"], "/r"), (["OPZ_REGISTRY": "", "HOME": "/h"], "/h/.local/share"),
    ])
  func order(environment: [String: String], place: String) throws {
    let result = try list(environment)
    #expect(result.errorText.contains(place) && result.status == 2, "\(result.errorText)")
  }

  @Test("a home that is the root directory is none: the three ways out are named, nothing is made")
  func root() throws {
    let result = try list(["HOME": "/"])
    #expect(result.status == 64)
    for way in ["--registry DIR", "OPZ_REGISTRY", "XDG_DATA_HOME"] { #expect(result.errorText.contains(way)) }
    #expect(try FileStatus.find("/.local") == nil)
    #expect(try list(["HOME": "/"], ["--registry", "r"]).errorText.contains("\(directory.path)/r"))
  }

  @Test("a user whose home is not there is refused", .enabled(if: geteuid() == 0))
  func service() throws {
    try Durable.replace(
      directory.path.appending("passwd"), with: Array("ghost:x:54321:54321::/nonexistent:/bin/sh\n".utf8))
    for user in ["54321", "54322"] {
      let script = """
        mount --bind passwd /etc/passwd && exec setpriv --reuid \(user) --regid \(user) --clear-groups "$@"
        """
      let result = try list(
        [:], before: ["unshare", "-m", "--propagation", "private", "bash", "-c", script, "bash"])
      #expect(result.status == 64, "\(result.errorText)")
      #expect(result.errorText.contains("--registry DIR") && !result.errorText.contains("Fatal"))
    }
  }

  @Test("a ~ that no shell wrote out makes no directory of that name", arguments: ["~/registry", "~"])
  func tilde(path: String) throws {
    for result in [try list([:], ["--registry=\(path)"]), try list(["OPZ_REGISTRY": path])] {
      #expect(result.status == 64 && result.errorText.contains("write the full path"), "\(result.errorText)")
    }
    #expect(try directory.tree() == [])
  }

  @Test("commands that need no registry do without a home")
  func withoutRegistry() throws {
    try directory.write("pod.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    let result = try ChildProcess.run(
      [try BuiltPrograms.opz().string, "lint", "pod.yaml"], environment: ["HOME=/"], directory: directory.path)
    #expect(result.status == 0, "\(result.errorText)")
  }

  @Test("an empty TMPDIR is none")
  func temporary() throws {
    let before = try Directory.entries("/").map(\.string)
    let result = try ChildProcess.run(
      [try BuiltPrograms.opz().string, "dockerfile", ".", "--output", "d"],
      environment: ["HOME=\(directory.path)", "TMPDIR="],
      directory: directory.path)
    #expect(result.status == 2, "\(result.errorText)")
    #expect(try Directory.entries("/").map(\.string) == before)
  }
}
