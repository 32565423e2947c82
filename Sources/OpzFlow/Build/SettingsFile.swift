public import OpzDeploy
import OpzPackage
import OpzProject
public import OpzRegistry
public import SystemPackage

/// `--settings opz.yaml`: settings from a file, used instead of those that a version was packaged with.
public struct SettingsFile: Sendable {
  /// The file's name as the user gave it.
  public let name: String
  public let deploy: DeploySettings
  /// The value of `push.to`.
  public let pushTo: String?

  /// - Throws: `ConfigError`; `FlowError` of category `conflict` if the `opz.yaml` is of another model.
  public init(_ path: FilePath, name: String, for version: Registry.Version) throws {
    let config = try ConfigReader.read(path)
    guard config.name == version.name else {
      throw FlowError(
        .conflict, name, reason: "it is for the model \(config.name), not \(version.name)",
        hint: "use the opz.yaml of \(version.name), or omit --settings")
    }
    self.name = name
    deploy = config.deploy ?? DeploySettings()
    pushTo = config.push?.to
  }
}
