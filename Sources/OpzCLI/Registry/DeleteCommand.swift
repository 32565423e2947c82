import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct DeleteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Deletes a version. Its number cannot be reused.",
    discussion: """
      Refused (exit code 3) while an alias names the version, or did within the last 30 days. The next opz gc removes \
      the blobs.

      opz delete churn@1.0.0
      """)

  @Argument(help: "NAME@VERSION.", completion: RegistryNames.references) var reference: String
  @Option(help: "If two merged registries used the same number: the image to delete.") var digest: String?
  @Flag(help: "Delete it even if an alias named it within the last 30 days.") var force = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let reference = try LocalReference(parsing: reference)
    guard case .version(let version) = reference.selector else {
      throw ValidationError("name the version: \(reference.name)@1.0.0")
    }
    let image = try digest.map { text in
      guard let digest = Digest(text) else { throw ValidationError("--digest \(text): not a digest") }
      return digest
    }
    try registry.delete(reference.name, version, image: image, force: force, by: session.author)
    Console.line("\(reference) deleted; opz gc frees the space")
  }
}
