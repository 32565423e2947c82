import OpzIO
import OpzOCI

/// This installation of opz: the program, those beside it, and the libraries that they load. It is what a report of a
/// fault needs to name.
public struct Installation: Encodable, Sendable {
  /// Without the word `opz`: `0.1.0`.
  public let version: String
  /// The processor and the system: `linux/amd64`.
  public let platform: String
  /// The path of this program, without links; nil without /proc.
  public let program: String?
  /// The path of `opz-server`, which native images are made of; nil if it is not installed.
  public let server: String?
  /// The path of `opz-hub`, which serves a registry; nil if it is not installed.
  public let hub: String?
  public let libraries: [LibraryFacts]

  /// Describes this installation, and loads each library for it.
  /// - Parameter environment: may name `opz-server` and `opz-hub`.
  public init(version: String, environment: [String: String]) {
    self.version = version
    platform = Platform.host.description
    program = RealPath.of("/proc/self/exe")?.string
    server = InstalledProgram.server.find(environment)?.string
    hub = InstalledProgram.hub.find(environment)?.string
    libraries = LibraryFacts.all()
  }
}
