import OpzArchive
import OpzIO

/// A file in a wheel with its digest from RECORD.
struct WheelFile {
  let entry: ZipEntry
  let digest: Digest

  /// The content, verified against the digest when read to the end.
  func content(of archive: ZipArchive, wheel: WheelName) -> VerifiedBlob {
    let digest = digest
    let subject = "wheel \(wheel): \"\(String(decoding: entry.path.prefix(200), as: UTF8.self))\""
    return VerifiedBlob(archive.content(entry), digest: digest) {
      PythonError(
        .wrongDigest, subject, "its bytes do not have the digest in RECORD, \(digest)",
        hint: "the wheel was changed after it was built: download it again, or use another one")
    }
  }
}
