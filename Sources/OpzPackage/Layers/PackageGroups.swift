import OpzIO

/// Which packages of an environment share a layer.
///
/// A large package gets its own layer, which depends on nothing but the package and where it is installed: it is
/// compressed once per machine and pushed once per remote registry, whatever image it is in. Small ones are grouped into
/// layers by the hash of their names, so that a change of one changes only one layer.
public enum PackageGroups {
  /// Packages of at least this many bytes get their own layer.
  public static let large: UInt64 = 4 << 20
  /// Number of layers for small packages.
  static let groups = 4
  /// Maximum layers of packages in an image: container runtimes accept 127 layers in all.
  static let maximum = 80

  /// The packages of each layer, sorted by name.
  /// - Parameters:
  ///   - name: unique among the packages.
  ///   - size: bytes as stored.
  static func split<Package>(
    _ packages: [Package], name: (Package) -> String, size: (Package) -> UInt64
  ) -> [[Package]] {
    let sorted = packages.sorted { name($0) < name($1) }
    // If there are too many large packages, the smallest of them are grouped.
    let bySize = sorted.filter { size($0) >= large }.sorted { (size($0), name($1)) > (size($1), name($0)) }
    let alone = Set(bySize.prefix(maximum - groups).map(name))
    let small = sorted.filter { !alone.contains(name($0)) }
    let grouped = (0..<groups).map { group in
      small.filter { Int(Digest.of(Array(name($0).utf8)).bytes[0]) % groups == group }
    }
    return sorted.filter { alone.contains(name($0)) }.map { [$0] } + grouped.filter { !$0.isEmpty }
  }
}
