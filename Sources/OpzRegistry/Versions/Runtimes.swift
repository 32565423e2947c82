import OpzIO
import OpzJSON
public import OpzOCI
import OpzStore
import SystemPackage

/// The pinned `opz-runtime` images, one per platform: `runtimes/<os>-<architecture>.json`.
///
/// A native image is built on the pinned runtime, so that a new opz does not change what is built. Only an import moves
/// a pin.
extension Registry {
  private struct Pin: Codable {
    var format: Int
    var image: Descriptor
  }

  private func pinPath(_ platform: Platform) -> FilePath {
    let platform = platform.normalized
    return root.appending("runtimes").appending("\(platform.os)-\(platform.architecture).json")
  }

  /// The runtime's manifest; nil if none has been imported.
  public func runtime(for platform: Platform) throws -> Descriptor? {
    let path = pinPath(platform)
    guard try FileStatus.find(path) != nil else { return nil }
    let pin = try CanonicalJSON.decode(Pin.self, from: SmallFile.read(path, limit: 1 << 16), subject: path.string)
    guard pin.format == 1 else {
      throw RegistryError(
        .unknownFormat, path.string, reason: "the pin has format \(pin.format)", hint: "use a newer opz")
    }
    return pin.image
  }

  /// All pinned runtimes, by platform.
  public func runtimes() throws -> [(platform: Platform, image: Descriptor)] {
    try EventLog.list(root.appending("runtimes")).compactMap { entry in
      guard entry.string.hasSuffix(".json"),
        let platform = Platform(entry.string.dropLast(5).split(separator: "-").joined(separator: "/")),
        let image = try runtime(for: platform)
      else { return nil }
      return (platform, image)
    }
  }

  /// Pins an image that is in the store.
  public func pin(_ image: Descriptor, for platform: Platform) throws {
    try FileLock.holding(root.appending("lock"), .shared) {
      try Durable.makeDirectory(root.appending("runtimes"))
      try Durable.replace(
        pinPath(platform), with: try CanonicalJSON.encodePretty(Pin(format: 1, image: image.withoutAnnotations)))
    }
  }
}
