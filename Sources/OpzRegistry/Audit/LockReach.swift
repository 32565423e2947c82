import OpzIO

/// Whether flock(2), which all writers of a registry rely on, works across the machines that may write to it.
///
/// A local disk has no other machines. NFS (since Linux 2.6.12) and SMB turn flock into locks of the server, unless
/// mount options say otherwise; Ceph, GFS2, Lustre and OCFS2 have locks of the cluster, with the same exception. File
/// systems over object stores and SSH have none.
enum LockReach {
  /// Why locks do not work across machines; nil if they do, or if nothing speaks against it.
  static func problem(_ mount: MountTable.Mount) -> String? {
    let options = Set(mount.options)
    switch mount.type {
    case "nfs", "nfs4":
      return ["nolock", "local_lock=all", "local_lock=flock"].first(where: options.contains).map {
        "it is NFS mounted with \($0)"
      }
    case "cifs", "smb3": return options.contains("nobrl") ? "it is SMB mounted with nobrl" : nil
    case "lustre", "gfs2":
      return ["localflock", "localflocks"].first(where: options.contains).map {
        "it is \(mount.type) mounted with \($0)"
      }
    case "fuse.sshfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.goofys", "fuse.rclone", "fuse.mount-s3", "fuse.mountpoint-s3",
      "fuse.blobfuse",
      "fuse.blobfuse2":
      return "\(mount.type.dropFirst(5)) keeps no locks for others"
    default: return nil
    }
  }
}
