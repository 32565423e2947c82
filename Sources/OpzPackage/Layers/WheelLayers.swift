public import OpzArchive
public import OpzIO
public import OpzOCI
public import OpzPython
public import SystemPackage

/// Splits the wheels of an environment into layers.
///
/// A large wheel gets its own layer, which depends only on the wheel and its layout: it is compressed once per
/// machine and pushed once per remote registry, whatever image it is in. Small wheels are grouped into layers by the
/// hash of their names, so that a change of one changes only one layer.
public enum WheelLayers {
  /// Wheels of at least this many bytes get their own layer.
  public static let large: UInt64 = 4 << 20
  /// Number of layers for small wheels.
  static let groups = 4
  /// Maximum wheel layers in an image: container runtimes accept 127 layers in all.
  static let maximum = 80

  /// - Parameters:
  ///   - bytecode: has the wheels' compiled modules; nil to leave them out.
  ///   - platform: the platform of the image.
  public static func plan(
    _ wheels: [LocalWheel], layout: InstallLayout, bytecode: WheelBytecode? = nil, compression: Compression,
    platform: Platform
  ) -> [PlannedLayer] {
    func layer(_ wheels: [LocalWheel]) -> PlannedLayer {
      PlannedLayer(
        role: .environment, source: .wheels(source(wheels, layout, bytecode: bytecode)), compression: compression,
        platform: platform)
    }
    let sorted = wheels.sorted { $0.name.normalizedDistribution < $1.name.normalizedDistribution }
    // If there are too many large wheels, the smallest of them are grouped.
    let bySize = sorted.filter { $0.size >= large }.sorted {
      ($0.size, $1.name.description) > ($1.size, $0.name.description)
    }
    let alone = Set(bySize.prefix(maximum - groups).map(\.digest))
    var layers = sorted.filter { alone.contains($0.digest) }.map { layer([$0]) }
    for group in 0..<groups {
      let own = sorted.filter { !alone.contains($0.digest) && number(of: $0) == group }
      if !own.isEmpty { layers.append(layer(own)) }
    }
    return layers
  }

  private static func number(of wheel: LocalWheel) -> Int {
    Int(Digest.of(Array(wheel.name.normalizedDistribution.utf8)).bytes[0]) % groups
  }

  private static func source(
    _ wheels: [LocalWheel], _ layout: InstallLayout, bytecode: WheelBytecode?
  ) -> LayerSource.WheelSource {
    let compiled = bytecode.map { ["bytecode \($0.identity)"] } ?? []
    return LayerSource.WheelSource(
      wheels: wheels.map(\.name.description).sorted(), root: layout.data,
      identity: ["layout \(identity(layout))"] + compiled + wheels.map { "\($0.digest) \($0.name)" },
      size: wheels.reduce(0) { $0 &+ $1.size }, entries: { try entries(wheels, layout, bytecode: bytecode) })
  }

  /// Everything besides the wheel that its entries depend on. The number is incremented when opz changes its layout.
  private static func identity(_ layout: InstallLayout) -> String {
    "1 \(layout.purelib) \(layout.platlib) \(layout.scripts) \(layout.data) \(layout.headers) \(layout.interpreter)"
  }

  /// The files of all wheels. If two have the same path, the later by name wins, as in pip.
  private static func entries(
    _ wheels: [LocalWheel], _ layout: InstallLayout, bytecode: WheelBytecode?
  ) throws -> [TarEntry] {
    var byPath: [FilePath: TarEntry] = [:]
    for wheel in wheels {
      let opened = try wheel.open()
      let compiled = try bytecode?.modules(of: opened, digest: wheel.digest, in: layout)
      for entry in try opened.entries(in: layout, bytecode: compiled) { byPath[entry.path] = entry }
    }
    return Array(byPath.values)
  }
}

/// A local wheel file whose digest matches the lock.
public struct LocalWheel: Sendable {
  public let name: WheelName
  public let file: FilePath
  public let digest: Digest
  /// Bytes of the file.
  public let size: UInt64

  /// Describes a wheel file; `digest` and `size` (bytes) are those of the whole file.
  public init(name: WheelName, file: FilePath, digest: Digest, size: UInt64) {
    self.name = name
    self.file = file
    self.digest = digest
    self.size = size
  }

  /// Reads its metadata. It blocks.
  func open() throws -> Wheel {
    try Wheel(ZipArchive(FileBlob(file, size: size), name: name.description), name: name)
  }
}
