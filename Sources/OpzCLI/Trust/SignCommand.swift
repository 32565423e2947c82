import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTrust
import SystemPackage

struct SignCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Signs a version, its image and its record, or a model's files, with a key.",
    discussion: """
      The signature of a version is attached to the image in two forms: a bundle of cosign 3, which also covers the \
      version's record, and a simple signing signature of the image, which older cosign, podman and skopeo read. opz \
      push includes both. podman and skopeo compare --identity with where they pull from. Keys are PEM, ECDSA on P-256 \
      or Ed25519, and encrypted if OPZ_KEY_PASSWORD or --password-stdin gives a password.

      A directory or a file is signed according to OpenSSF model signing v1.0, into model.sig or --output; PyPI's \
      model-signing verifies it. Its keys are ECDSA on P-256, P-384 or P-521. A path begins with ./ or / or exists; \
      NAME@VERSION is never a path.

      opz sign --generate-key release       release.key, to keep secret, and release.pub, for policies
      opz sign churn@1.2.0 --key release.key --identity registry.example/crm/churn
      opz sign ./model --key release.key --output model/model.sig
      """)

  @Argument(help: "NAME@VERSION or NAME@ALIAS; or a directory or file.", completion: RegistryNames.referencesOrFiles)
  var reference: String?
  @OptionGroup var keys: KeyOptions
  @Option(
    help: ArgumentHelp("Where the image will be pulled from; push.to in opz.yaml if missing.", valueName: "host/repo"))
  var identity: String?
  @Option(
    name: .customLong("generate-key"), help: ArgumentHelp("Create PREFIX.key and PREFIX.pub.", valueName: "prefix"))
  var generate: String?
  @Option(help: "The type of a new key: ecdsa-p256 or ed25519.") var type = "ecdsa-p256"
  @Option(
    help: ArgumentHelp("For files: where to write the signature; model.sig if missing.", valueName: "file"),
    completion: .file()
  )
  var output: String?
  @Option(
    help: ArgumentHelp(
      "For files: a path to leave unsigned, with everything below it; may be repeated.", valueName: "path"),
    completion: .file())
  var ignore: [String] = []
  @Flag(
    name: .customLong("allow-symlinks"), help: "For files: sign links in the model as the files that they point to.")
  var allowSymlinks = false
  @Flag(help: "An object: name, version, digest, key, attached; for files: path, digest, files, key, signature.")
  var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let key: String
    let attached: [String]
  }

  struct FilesOutput: Encodable {
    let path: String
    let digest: String
    let files: Int
    let key: String
    let signature: String
  }

  func validate() throws {
    guard (reference == nil) != (generate == nil) else {
      throw ValidationError("name a version, or --generate-key PREFIX")
    }
    guard PublicKey.Kind(rawValue: type).map(PublicKey.Use.images.kinds.contains) == true else {
      throw ValidationError("--type is ecdsa-p256 or ed25519")
    }
    guard generate != nil || keys.key != nil else { throw ValidationError("missing --key FILE") }
  }

  func run() async throws {
    let session = options.session()
    if let generate, let type = PublicKey.Kind(rawValue: type) {
      let made = try KeyFiles.generate(type, at: session.path(generate), password: keys.password(), in: session)
      options.note("\(made.secret) is the private key, \(made.open) the public one (\(made.key.fingerprint))")
      return
    }
    guard let reference else { return }
    let isFiles = try Operand.isModelFiles(reference, session)
    if let option = isFiles ? identity.map({ _ in "--identity" }) : filesOption {
      throw ValidationError("\(option) is only for \(isFiles ? "versions" : "files")")
    }
    guard let key = try keys.privateKey(session, for: isFiles ? .files : .images) else { return }
    if isFiles { return try await sign(files: session.path(reference), with: key, session) }
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
        ? "the key has already signed \(version.record.reference)"
        : "signed \(version.record.reference) with the key \(key.publicKey.fingerprint)")
    for attached in result.attached { Console.line("\(attached.digest)") }
  }

  /// The given option that only applies to files, if any.
  private var filesOption: String? {
    if output != nil { return "--output" }
    if !ignore.isEmpty { return "--ignore" }
    return allowSymlinks ? "--allow-symlinks" : nil
  }

  private func sign(files path: FilePath, with key: PrivateKey, _ session: Session) async throws {
    var flow = SignModelFiles(path, in: session)
    flow.ignored = ignore.map { session.path($0) }
    flow.allowsLinks = allowSymlinks
    let result = try await flow.run(
      with: key, to: session.output(output ?? ModelSignature.fileName), isNamed: output != nil)
    let digest = result.manifest.digest.description
    let fingerprint = key.publicKey.fingerprint.description
    // The signature itself is on standard output.
    if output == "-" { return }
    if json {
      return try Console.json(
        FilesOutput(
          path: path.string, digest: digest, files: result.manifest.resources.count, key: fingerprint,
          signature: result.signature.string))
    }
    let count = result.manifest.resources.count
    options.note(
      "signed \(count) file\(count == 1 ? "" : "s") of \(path) with the key \(fingerprint), in \(result.signature)")
    Console.line(digest)
  }
}
