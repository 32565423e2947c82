import OpzIO
import OpzOCI
import SystemPackage

/// Reads the header of an ELF program (System V ABI, chapters 4 and 5; elf(5)).
enum StaticProgram {
  /// The platform of a statically linked program.
  /// - Throws: `PackageError.badRuntime` for another kind of file, and for a program that needs a dynamic loader.
  static func platform(of path: FilePath) throws -> Platform {
    let file = try OpenFile.reading(path)
    var head = [UInt8](repeating: 0, count: 64)
    let count = try head.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
    guard count == 64, head.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else {
      throw refuse(path, "not a 64-bit little-endian Linux program")
    }
    let architecture: String
    switch number(head, 18, count: 2) {
    case 62: architecture = "amd64"
    case 183: architecture = "arm64"
    case let other: throw refuse(path, "a program for a processor that opz does not know (ELF machine \(other))")
    }
    let (offset, size, entries) = (number(head, 32, count: 8), number(head, 54, count: 2), number(head, 56, count: 2))
    guard size >= 56, entries > 0, entries < 1024, offset < 1 << 40 else { throw refuse(path, "a damaged program") }
    for entry in 0..<entries {
      var header = [UInt8](repeating: 0, count: 4)
      let read = try header.withUnsafeMutableBytes { try file.read(at: offset + entry * size, into: $0) }
      guard read == 4 else { throw refuse(path, "a damaged program") }
      // PT_INTERP: the program needs a loader, which an image without an operating system does not have.
      if number(header, 0, count: 4) == 3 { throw refuse(path, "a program that needs shared libraries") }
    }
    return Platform(os: "linux", architecture: architecture)
  }

  private static func number(_ bytes: [UInt8], _ start: Int, count: Int) -> UInt64 {
    bytes[start..<start + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func refuse(_ path: FilePath, _ reason: String) -> PackageError {
    PackageError(
      .badRuntime, path.string, reason: "\(reason), so it cannot be the runtime of an image",
      hint: "build the static server with scripts/build-release, then opz runtime import .build/dist/opz-server")
  }
}
