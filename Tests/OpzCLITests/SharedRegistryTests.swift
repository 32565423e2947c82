import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("A registry that a group shares")
struct SharedRegistryTests {
  /// Whoever creates them and whatever the umask: directories stay writable by the group, and files readable.
  @Test("everything that is created stays usable by the group", arguments: ["077", "027", "022"])
  func shared(_ umask: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write("p/weights.bin", "weights")
    try directory.write("p/opz.yaml", "opz: 1\nname: crm/churn\nmodel: {path: weights.bin}\nruntime: {kind: model}\n")
    let opz = try BuiltPrograms.opz().string
    let script = """
      set -e
      mkdir -p registry
      chmod 2770 registry
      umask \(umask)
      export OPZ_REGISTRY=$PWD/registry
      "$1" package p --quiet
      "$1" alias crm/churn production 1.0.0 --quiet
      "$1" tag crm/churn@1.0.0 team=crm --quiet
      "$1" list --where 'tag.team = "crm"' --quiet
      "$1" export --index --quiet
      "$1" gc --grace 0 --quiet
      "$1" fsck --quiet
      """
    let output = try ChildProcess.run(["sh", "-c", script, "sh", opz], directory: directory.path)
    #expect(output.status == 0, "\(output.errorText)")
    let registry = directory.path.appending("registry")
    var count = 0
    func look(_ place: FilePath) throws {
      for entry in try Directory.entries(place) {
        let path = place.appending(entry)
        let status = try FileStatus.of(path, followLinks: false)
        if status.kind == .symlink { continue }
        count += 1
        if status.kind == .directory {
          #expect(status.mode & 0o2070 == 0o2070, "\(path) has the mode \(String(status.mode, radix: 8))")
          try look(path)
        } else {
          #expect(status.mode & 0o040 == 0o040, "\(path) has the mode \(String(status.mode, radix: 8))")
          if entry.string == "lock" { #expect(status.mode & 0o060 == 0o060, "\(path)") }
        }
      }
    }
    try look(registry)
    #expect(count > 20)
  }

  @Test("in a directory that is not shared, the umask applies")
  func own() throws {
    let directory = try TemporaryDirectory()
    let opz = try BuiltPrograms.opz().string
    try directory.write("p/weights.bin", "weights")
    try directory.write("p/opz.yaml", "opz: 1\nname: churn\nmodel: {path: weights.bin}\nruntime: {kind: model}\n")
    let script = "umask 077; OPZ_REGISTRY=$PWD/registry \"$1\" package p --quiet"
    #expect(try ChildProcess.run(["sh", "-c", script, "sh", opz], directory: directory.path).status == 0)
    #expect(try FileStatus.of(directory.path.appending("registry/models/churn")).mode == 0o700)
  }
}
