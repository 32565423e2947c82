import OpzIO
import OpzTestKit
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("The location of a user's files")
struct HomeTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// `opz list` without a registry: it says where it looked.
  private func list(
    _ environment: [String: String], _ arguments: [String] = [], before: [String] = []
  ) throws -> ChildProcess.Output {
    try ChildProcess.run(
      before + [try BuiltPrograms.opz().string, "list"] + arguments,
      environment: (["PATH=/usr/bin:/bin"] + environment.map { "\($0.key)=\($0.value)" }), directory: directory.path)
  }

  /// The user's entry in the user database.
  private var entry: String? { getpwuid(geteuid()).map { String(cString: $0.pointee.pw_dir) } }

  @Test(
    "if HOME is not an absolute path, the user's entry in the user database counts",
    arguments: [[:], ["HOME": ""], ["HOME": "here"], ["HOME": "", "XDG_DATA_HOME": "data"], ["XDG_DATA_HOME": ""]])
  func entry(environment: [String: String]) throws {
    let home = try #require(entry)
    let result = try list(environment)
    #expect(result.errorText.contains("\(home)/.local/share/opz/registry"), "\(result.errorText)")
    #expect(result.status == 2)
    #expect(try directory.tree() == [])
  }

  @Test(
    "the variables count in the documented order",
    arguments: [
      (["HOME": "/h"], "/h/.local/share/opz/registry"), (["HOME": "/h", "XDG_DATA_HOME": "/x"], "/x/opz/registry"),
      (["HOME": "/h", "XDG_DATA_HOME": "x"], "/h/.local/share/opz/registry"),
      (["XDG_DATA_HOME": "/x", "OPZ_REGISTRY": "/r"], "/r"), (["OPZ_REGISTRY": "", "HOME": "/h"], "/h/.local/share"),
    ])
  func order(environment: [String: String], place: String) throws {
    let result = try list(environment)
    #expect(result.errorText.contains(place) && result.status == 2, "\(result.errorText)")
  }

  @Test("the root directory is not accepted as a home: three remedies are named, nothing is created")
  func root() throws {
    let result = try list(["HOME": "/"])
    #expect(result.status == 64)
    for way in ["--registry DIR", "OPZ_REGISTRY", "XDG_DATA_HOME"] { #expect(result.errorText.contains(way)) }
    #expect(try FileStatus.find("/.local") == nil)
    #expect(try list(["HOME": "/"], ["--registry", "r"]).errorText.contains("\(directory.path)/r"))
  }

  @Test("a user whose home does not exist is refused", .enabled(if: geteuid() == 0))
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

  @Test("a ~ that no shell expanded does not create a directory of that name", arguments: ["~/registry", "~"])
  func tilde(path: String) throws {
    for result in [try list([:], ["--registry=\(path)"]), try list(["OPZ_REGISTRY": path])] {
      #expect(result.status == 64 && result.errorText.contains("write the full path"), "\(result.errorText)")
    }
    #expect(try directory.tree() == [])
  }

  @Test("commands that need no registry work without a home")
  func withoutRegistry() throws {
    try directory.write("pod.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    let result = try ChildProcess.run(
      [try BuiltPrograms.opz().string, "lint", "pod.yaml"], environment: ["HOME=/"], directory: directory.path)
    #expect(result.status == 0, "\(result.errorText)")
  }

  @Test("an empty TMPDIR is ignored")
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
