public import OpzArchive
public import OpzIO
public import OpzOCI
public import OpzPython
public import SystemPackage

/// Splits the wheels of an environment into layers.
public enum WheelLayers {
  /// - Parameters:
  ///   - bytecode: has the wheels' compiled modules; nil to leave them out.
  ///   - platform: the platform of the image.
  public static func plan(
    _ wheels: [LocalWheel], layout: InstallLayout, bytecode: WheelBytecode? = nil, compression: Compression,
    platform: Platform
  ) -> [PlannedLayer] {
    PackageGroups.split(wheels, name: { $0.name.normalizedDistribution }, size: \.size).map { wheels in
      PlannedLayer(
        role: .environment, source: .packages(source(wheels, layout, bytecode: bytecode)), compression: compression,
        platform: platform)
    }
  }

  private static func source(
    _ wheels: [LocalWheel], _ layout: InstallLayout, bytecode: WheelBytecode?
  ) -> LayerSource.PackageSource {
    let compiled = bytecode.map { ["bytecode \($0.identity)"] } ?? []
    return LayerSource.PackageSource(
      .wheel, names: wheels.map(\.name.description).sorted(), root: layout.data,
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
