import OpzIO
import SystemPackage
import Testing

@testable import OpzRegistry

@Suite("Which locks reach other machines")
struct LockReachTests {
  static let table = MountTable(
    parsing: """
      21 1 259:1 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
      30 21 0:40 / /srv rw shared:2 master:1 - nfs4 host:/x rw,vers=4.2,local_lock=none,addr=10.0.0.1
      31 30 0:41 / /srv/old rw - nfs host:/y rw,vers=3,nolock,local_lock=all
      32 21 0:42 / /mnt/a\\040b rw - cifs //host/x rw,nobrl
      33 21 0:43 / /mnt/smb rw - cifs //host/x rw
      34 21 0:44 / /mnt/ssh rw - fuse.sshfs host: rw
      35 21 0:45 / /mnt/own rw - fuse.fuse-overlayfs x rw
      36 21 0:46 / /mnt/own rw - fuse.s3fs x rw
      37 21 0:47 / /mnt/l rw - lustre x rw,localflock
      not a line
      38 21 0:47 / /mnt/cut rw - ext4
      """)

  @Test(
    "the mount of a path decides",
    arguments: [
      ("/home/x", nil), ("/srv/registry", nil), ("/srv/old/registry", "nolock"), ("/srv/older", nil),
      ("/mnt/a b/r", "nobrl"),
      ("/mnt/smb/r", nil), ("/mnt/ssh", "sshfs"), ("/mnt/own/r", "s3fs"), ("/mnt/l/r", "localflock"), ("/mnt/cut", nil),
    ] as [(String, String?)])
  func mounts(_ path: String, _ reason: String?) throws {
    let mount = try #require(LockReachTests.table.mount(of: FilePath(path)))
    let problem = LockReach.problem(mount)
    if let reason { #expect(problem?.contains(reason) == true) } else { #expect(problem == nil) }
  }

  @Test("this machine's mount table contains the root")
  func current() throws {
    let table = try #require(MountTable.current())
    #expect(table.mount(of: "/")?.point == "/")
  }
}
