import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Symbolic links in a project.
enum SymbolicLink {
  /// The target of a link that stays below `root`.
  /// - Throws: `PackageError.unsafePath` for an absolute link, one that leads out of `root`, and a dangling one.
  static func target(_ path: FilePath, within root: FilePath) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4097)
    let count = path.withPlatformString { readlink($0, &buffer, buffer.count) }
    guard count >= 0 else { throw IOFailure.last("readlink", path) }
    guard count < buffer.count else {
      throw PackageError(.unsafePath, path.string, reason: "the link's target is too long")
    }
    let target = Array(buffer.prefix(count))
    func refuse(_ reason: String) -> PackageError {
      PackageError(
        .unsafePath, path.string, reason: "the link to \(String(decoding: target, as: UTF8.self)) \(reason)",
        hint: "write links: follow in opz.yaml to package what links lead to, or remove the link")
    }
    guard target.first != UInt8(ascii: "/") else {
      throw refuse("is absolute, so it would lead to something else in the image")
    }
    guard let real = RealPath.of(path), let top = RealPath.of(root) else { throw refuse("leads nowhere") }
    guard real.starts(with: top) else { throw refuse("leads out of \(root)") }
    return target
  }
}
