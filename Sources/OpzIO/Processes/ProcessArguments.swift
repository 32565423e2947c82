internal import CStart
import SystemPackage

/// The arguments that the program was started with.
public enum ProcessArguments {
  /// Returns the arguments after the program's name. `CommandLine.arguments` loses them where a preloaded library
  /// calls setenv(3) before main.
  public static func all() -> [String] {
    let count = opz_argument_count()
    guard count > 0 else { return fromProcess() }
    return (1..<max(1, count)).compactMap { opz_argument($0).map { String(cString: $0) } }
  }

  /// Reads the arguments from the kernel, for a C library that does not provide them.
  private static func fromProcess() -> [String] {
    var bytes: [UInt8] = []
    if let file = try? OpenFile.reading("/proc/self/cmdline") {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while let count = try? buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 {
        bytes += buffer.prefix(count)
      }
    }
    if bytes.last == 0 { bytes.removeLast() }
    return bytes.split(separator: 0, omittingEmptySubsequences: false).dropFirst().map {
      String(decoding: $0, as: UTF8.self)
    }
  }
}
