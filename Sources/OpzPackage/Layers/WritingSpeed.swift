import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import SystemPackage

/// The measured speed of writing layers on this machine, to estimate build times. Stored in the registry's
/// `cache/speed.json`; it may be deleted.
public struct WritingSpeed: Codable, Sendable, Hashable {
  /// Bytes per second written to uncompressed and to compressed layers; 0 if not measured.
  var stored: UInt64 = 0
  var compressed: UInt64 = 0

  /// Smaller layers are not measured: their time is mostly overhead.
  static let least: UInt64 = 4 << 20

  static func read(_ directory: FilePath) -> WritingSpeed {
    guard let bytes = try? SmallFile.read(directory.appending("speed.json"), limit: 4096),
      let speed = try? CanonicalJSON.decode(WritingSpeed.self, from: bytes, subject: "cache")
    else { return WritingSpeed() }
    return speed
  }

  func write(_ directory: FilePath) throws {
    try Durable.makeDirectory(directory)
    try Durable.replaceWithoutSync(directory.appending("speed.json"), with: CanonicalJSON.encode(self))
  }

  /// Updates the average with a layer's time; the newest layer has weight one half.
  mutating func add(_ layer: PlannedLayer, _ time: Duration) {
    let seconds = time.seconds
    guard layer.size >= WritingSpeed.least, seconds > 0 else { return }
    let found = UInt64(clamping: Int64(min(Double(layer.size) / seconds, 1e12)))
    func average(_ old: UInt64) -> UInt64 { old == 0 ? found : old / 2 &+ found / 2 }
    if layer.compression == .none { stored = average(stored) } else { compressed = average(compressed) }
  }

  /// The estimated seconds for these layers; uncompressed and compressed ones are written at the same time. Nil if a
  /// speed that is needed was never measured.
  public func seconds(_ layers: [PlannedLayer]) -> Double? {
    func bytes(_ isStored: Bool) -> Double {
      layers.filter { ($0.compression == .none) == isStored }.reduce(0) { $0 + Double($1.size) }
    }
    let (plain, packed) = (bytes(true), bytes(false))
    func time(_ bytes: Double, _ speed: UInt64) -> Double? {
      if bytes < Double(WritingSpeed.least) { return 0 }
      return speed == 0 ? nil : bytes / Double(speed)
    }
    guard let one = time(plain, stored), let other = time(packed, compressed) else { return nil }
    return max(one, other)
  }
}
