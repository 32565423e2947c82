/// An operating system and a processor architecture, by their names in Go (OCI image-spec, image-index.md).
public struct Platform: Hashable, Sendable, Codable, CustomStringConvertible {
  public var architecture: String
  public var os: String
  public var variant: String?
  /// The version of Windows, `10.0.17763.4131`.
  public var osVersion: String?
  /// The features that the operating system must have.
  public var osFeatures: [String]?

  enum CodingKeys: String, CodingKey {
    case architecture, os, variant
    case osVersion = "os.version"
    case osFeatures = "os.features"
  }

  /// Makes a platform from its parts, without validating them.
  public init(os: String, architecture: String, variant: String? = nil, osVersion: String? = nil) {
    self.os = os
    self.architecture = architecture
    self.variant = variant
    self.osVersion = osVersion
  }

  /// Parses `linux/amd64`, `linux/arm/v7`, `windows(10.0.17763)/amd64`; nil for other text.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let name = parts[0].prefix { $0 != "(" }
    let version = parts[0].dropFirst(name.count)
    guard (2...3).contains(parts.count), Platform.isWord(name), parts.dropFirst().allSatisfy(Platform.isWord),
      version.isEmpty || (version.last == ")" && Platform.isWord(version.dropFirst().dropLast()))
    else { return nil }
    self.init(
      os: String(name), architecture: String(parts[1]), variant: parts.count == 3 ? String(parts[2]) : nil,
      osVersion: version.isEmpty ? nil : String(version.dropFirst().dropLast()))
  }

  private static func isWord(_ text: Substring) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) }
  }

  public var description: String {
    let system = osVersion.map { "\(os)(\($0))" } ?? os
    return variant.map { "\(system)/\(architecture)/\($0)" } ?? "\(system)/\(architecture)"
  }

  /// The platform that this program was compiled for.
  public static var host: Platform {
    #if arch(arm64)
      Platform(os: "linux", architecture: "arm64")
    #else
      Platform(os: "linux", architecture: "amd64")
    #endif
  }

  public static let linuxAMD64 = Platform(os: "linux", architecture: "amd64")
}
