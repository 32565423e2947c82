/// Formats byte counts for people: `512 B`, `1.4 MiB`.
public enum ByteCount {
  /// The count in binary units (multiples of 1024), with one decimal from 1 KiB on.
  public static func text(_ bytes: UInt64) -> String {
    guard bytes >= 1024 else { return "\(bytes) B" }
    var value = Double(bytes)
    var unit = 0
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    // From 1023.95 on, one decimal would round to 1024.0 of the smaller unit.
    while value >= 1023.95, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}
