public import OpzDeploy
import OpzPackage
public import OpzRegistry
public import SystemPackage

/// `--settings opz.yaml`: a file's settings in the place of those that a version was packaged with.
public struct SettingsFile: Sendable {
  /// As the user names it.
  public let name: String
  public let deploy: DeploySettings
  /// `push.to`.
  public let pushTo: String?

  /// - Throws: `ConfigError`; `FlowError.conflict` for the opz.yaml of another model.
  public init(_ path: FilePath, name: String, for version: Registry.Version) throws {
    let config = try ConfigReader.read(path)
    guard config.name == version.name else {
      throw FlowError(
        .conflict, name, "it is about \(config.name), not \(version.name)",
        hint: "name the opz.yaml of \(version.name), or leave --settings out")
    }
    self.name = name
    deploy = config.deploy ?? DeploySettings()
    pushTo = config.push?.to
  }
}
