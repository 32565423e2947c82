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
      The signature of a version is attached to the image in two forms: the bundle of cosign 3, which names the version's record beside \
      the image, and simple signing of the image, which older cosign, podman and skopeo read. opz push carries both. podman and skopeo \
      compare --identity with where they pull from. Keys are PEM, ECDSA on P-256 or Ed25519, encrypted where OPZ_KEY_PASSWORD or \
      --password-stdin gives a password.

      A directory or a file is signed as OpenSSF model signing v1.0 has it, into model.sig or --output; PyPI's model-signing verifies it. \
      Its keys are ECDSA on P-256, P-384 or P-521. A path is what begins with ./ or / or exists; NAME@VERSION never is one.

      opz sign --generate-key release       release.key, which stays with you, and release.pub, for policies
      opz sign churn@1.2.0 --key release.key --identity registry.example/crm/churn
      opz sign ./model --key release.key --output model/model.sig
      """)

  @Argument(help: "NAME@VERSION or NAME@ALIAS; or a directory or file.", completion: .file()) var reference: String?
  @OptionGroup var keys: KeyOptions
  @Option(help: ArgumentHelp("Where the image will be pulled from; else push.to of opz.yaml.", valueName: "host/repo"))
  var identity: String?
  @Option(
    name: .customLong("generate-key"), help: ArgumentHelp("Make PREFIX.key and PREFIX.pub.", valueName: "prefix"))
  var generate: String?
  @Option(help: "Of a new key: ecdsa-p256 or ed25519.") var type = "ecdsa-p256"
  @Option(
    help: ArgumentHelp("Of files: where the signature goes; model.sig if none.", valueName: "file"), completion: .file()
  )
  var output: String?
  @Option(
    help: ArgumentHelp("Of files: what is not signed, with all below it; may be repeated.", valueName: "path"),
    completion: .file())
  var ignore: [String] = []
  @Flag(name: .customLong("allow-symlinks"), help: "Of files: sign links in the model as the files that they name.")
  var allowSymlinks = false
  @Flag(help: "An object: name, version, digest, key, attached; of files: path, digest, files, key, signature.")
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
    guard generate != nil || keys.key != nil else { throw ValidationError("--key FILE signs it") }
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
      throw ValidationError("\(option) is for \(isFiles ? "versions" : "files"), and \(reference) is none of these")
    }
    guard let key = try keys.privateKey(session, for: isFiles ? .files : .images) else { return }
    if isFiles { return try await sign(files: Operand.path(reference, session), with: key, session) }
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
