import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTrust

struct SignCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Signs a version, its image and its record, with a key.",
    discussion: """
      The signature is attached to the image in two forms: the bundle of cosign 3, which names the version's record beside the \
      image, and simple signing of the image, which older cosign, podman and skopeo read. opz push carries both. podman and skopeo compare --identity with where they pull from. Keys are PEM, \
      ECDSA on P-256 or Ed25519, encrypted where OPZ_KEY_PASSWORD or --password-stdin gives a password.

      opz sign --generate-key release       release.key, which stays with you, and release.pub, for policies
      opz sign churn@1.2.0 --key release.key --identity registry.example/crm/churn
      """)

  @Argument(help: "NAME@VERSION or NAME@ALIAS.") var reference: String?
  @OptionGroup var keys: KeyOptions
  @Option(help: ArgumentHelp("Where the image will be pulled from; else push.to of opz.yaml.", valueName: "host/repo"))
  var identity: String?
  @Option(
    name: .customLong("generate-key"), help: ArgumentHelp("Make PREFIX.key and PREFIX.pub.", valueName: "prefix"))
  var generate: String?
  @Option(help: "Of a new key: ecdsa-p256 or ed25519.") var type = "ecdsa-p256"
  @Flag(help: "An object: name, version, digest, key, attached.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let key: String
    let attached: [String]
  }

  func validate() throws {
    guard (reference == nil) != (generate == nil) else {
      throw ValidationError("name a version, or --generate-key PREFIX")
    }
    guard PublicKey.Kind(rawValue: type) != nil else { throw ValidationError("--type is ecdsa-p256 or ed25519") }
    guard generate != nil || keys.key != nil else { throw ValidationError("--key FILE signs it") }
  }

  func run() async throws {
    let session = options.session()
    if let generate, let type = PublicKey.Kind(rawValue: type) {
      let made = try KeyFiles.generate(type, at: session.path(generate), password: keys.password(), in: session)
      options.note("\(made.secret) is the private key, \(made.open) the public one (\(made.key.fingerprint))")
      return
    }
    guard let key = try keys.privateKey(session), let reference else { return }
    let registry = try session.openRegistry()
    let version = try registry.current(registry.find(LocalReference(parsing: reference)))
    let result = try await SignVersion(version, identity: identity, in: session).run(registry, with: key)
    if json {
      return try Console.json(
        Output(
          name: version.record.name, version: version.record.version, digest: version.record.image.digest.description,
          key: key.publicKey.fingerprint.description, attached: result.attached.map(\.digest.description)))
    }
    options.note(
      result.existed
        ? "the key had signed \(version.record.reference) before"
        : "signed \(version.record.reference) with the key \(key.publicKey.fingerprint)")
    for attached in result.attached { Console.line("\(attached.digest)") }
  }
}
