import OpzArchive
import OpzIO

/// A file in a wheel with the digest that its RECORD gives it.
struct WheelFile {
  let entry: ZipEntry
  let digest: Digest

  /// The content, compared with the digest at its end.
  func content(of archive: ZipArchive, wheel: WheelName) -> VerifiedBlob {
    VerifiedBlob(
      content: archive.content(entry), digest: digest,
      subject: "wheel \(wheel): \"\(String(decoding: entry.path.prefix(200), as: UTF8.self))\"")
  }
}
