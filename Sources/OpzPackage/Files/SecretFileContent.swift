import OpzIO
import OpzJSON
import OpzSecrets

/// How a file whose name does not decide is judged by what it holds.
enum SecretFileContent: Sendable, Hashable {
  /// Keys and certificates in PEM's form: harmless where all of them are public.
  case keys
  /// `key = value`: harmless where no key is one of a login.
  case settings
  /// JSON or YAML: harmless where no member is one of a login.
  case document
  /// Whatever it is: what a scan of it finds.
  case anything

  /// Bytes; a longer file is not read.
  static let limit: UInt64 = 1 << 20

  /// Whether a file holds a secret, as far as one can see.
  func holdsSecret(_ bytes: [UInt8]) -> Bool {
    var search = SecretSearch()
    search.take(bytes)
    return !search.finish().isEmpty
  }

  /// Whether a file is one of its kind, and without a secret.
  func isHarmless(_ bytes: [UInt8]) -> Bool {
    guard !holdsSecret(bytes), let text = String(validating: bytes, as: UTF8.self) else { return false }
    return switch self {
    case .keys: SecretFileContent.areAllPublic(text)
    case .settings: SecretFileContent.isSettings(text)
    case .document: SecretFileContent.isDocument(bytes, text)
    case .anything: true
    }
  }

  private static let publicLabels: Set<Substring> = [
    "CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE", "X509 CRL", "CERTIFICATE REQUEST",
    "NEW CERTIFICATE REQUEST", "PUBLIC KEY", "RSA PUBLIC KEY",
    "EC PARAMETERS", "DH PARAMETERS", "X9.42 DH PARAMETERS", "PKCS7", "CMS", "PGP PUBLIC KEY BLOCK", "PGP SIGNATURE",
    "PGP SIGNED MESSAGE",
    "SSH SIGNATURE", "SSH2 PUBLIC KEY",
  ]

  private static func areAllPublic(_ text: String) -> Bool {
    let labels = text.split(separator: "-----BEGIN ", omittingEmptySubsequences: false).dropFirst().map {
      $0.prefix { $0 != "-" }
    }
    return !labels.isEmpty && labels.allSatisfy(publicLabels.contains)
  }

  private static func lines(_ text: String) -> [Substring] {
    text.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " || $0 == "\t" } }.filter {
      !$0.isEmpty && !$0.hasPrefix("#") && !$0.hasPrefix(";") && !$0.hasPrefix("// ")
    }
  }

  /// Words of the names of settings that a login is in.
  private static let logins = [
    "_auth", "authtoken", "password", "passwd", "token", "secret", "api_key", "apikey", "api-key", "private_key",
    "privatekey", "access_key", "accesskey",
    "credential",
  ]

  /// What is filled in when it is used: `${NPM_TOKEN}`, `{{ env_var('X') }}`.
  private static func isField(_ value: some StringProtocol) -> Bool {
    let value = value.drop { " \t\"'".contains($0) }
    return value.isEmpty || value.hasPrefix("$") || value.hasPrefix("{{") || value.hasPrefix("%")
      || value.hasPrefix("<") || value == "null"
  }

  private static func isSettings(_ text: String) -> Bool {
    let lines = lines(text)
    guard
      lines.isEmpty
        || lines.contains(where: { $0.contains("=") || $0.contains(" ") || $0.hasPrefix("[") || $0.hasPrefix("<") })
    else {
      return false
    }
    return lines.allSatisfy { line in
      if line.hasPrefix("[") || line.hasPrefix("<") || line.hasPrefix("- ") {
        return !logins.contains { line.lowercased().contains($0) }
      }
      guard let separator = line.firstIndex(where: { $0 == "=" || $0 == ":" || $0 == " " }) else { return true }
      // A registry's name is before its settings: `//host/:_authToken=..`.
      let equals = line.firstIndex(of: "=") ?? separator
      let name = line[..<equals].lowercased()
      return !logins.contains { name.contains($0) } || isField(line[equals...].dropFirst())
    }
  }

  private static func isDocument(_ bytes: [UInt8], _ text: String) -> Bool {
    if let document = try? JSONValue(json: bytes) {
      return !hasLogin(document)
    }
    // YAML, a line at a time.
    let lines = lines(text)
    guard !lines.isEmpty, lines.contains(where: { $0.contains(": ") || $0.hasSuffix(":") || $0.contains("=") }) else {
      return false
    }
    return lines.allSatisfy { line in
      guard let separator = line.firstIndex(where: { $0 == ":" || $0 == "=" }) else { return true }
      let name = line[..<separator].lowercased()
      return !logins.contains { name.contains($0) } || isField(line[separator...].dropFirst())
    }
  }

  /// Texts under a login's name; JSON's readers bound how deep it nests.
  private static func hasLogin(_ document: JSONValue) -> Bool {
    if case .string = document { return true }
    var waiting = [document]
    while let value = waiting.popLast() {
      switch value {
      case .array(let items): waiting += items
      case .object(let members):
        for (name, member) in members {
          if case .string(let text) = member, isLogin(name.lowercased(), text) { return true }
          waiting.append(member)
        }
      default: break
      }
    }
    return false
  }

  /// What a token is in a language model's files.
  private static let tokensOfText: Set<String> = [
    "token", "bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token",
  ]

  /// A text under a login's name; under a name that language models use too, only one that looks like a key.
  private static func isLogin(_ name: String, _ text: String) -> Bool {
    guard !isField(text), logins.contains(where: name.contains) else { return false }
    return !tokensOfText.contains(name)
      || text.utf8.count >= 16 && text.contains(where: \.isNumber) && !text.contains(" ")
  }
}
