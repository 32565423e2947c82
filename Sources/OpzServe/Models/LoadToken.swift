import OpzHTTPServer
import OpzIO
import OpzInference
import SystemPackage

/// The bearer token (RFC 6750) of those who may load and unload models. Only its digest is kept.
struct LoadToken: Sendable {
  /// What a response with 401 asks for.
  static let challenge = "Bearer realm=\"models\""
  static let fewest = 16
  private static let most = 4096

  private let digest: [UInt8]

  /// Reads the token: the one line of a file that only its owner and group may read.
  /// - Throws: `ServeError` for a file that is no secret or has no token, `IOFailure` where it cannot be read.
  init(file: FilePath) throws {
    let status = try FileStatus.of(file)
    guard status.mode & 0o007 == 0 else {
      throw LoadToken.wrong(
        file, "everybody on this machine may use it: its mode is \(String(status.mode & 0o777, radix: 8))",
        hint: "chmod o= \(file); for a secret of Kubernetes: defaultMode: 0440")
    }
    let bytes = try SmallFile.read(file, limit: LoadToken.most)
    var token = bytes[...]
    while let last = token.last, last == 0x0a || last == 0x0d { token.removeLast() }
    let make = "head -c 32 /dev/urandom | base64 makes one"
    guard !token.isEmpty else { throw LoadToken.wrong(file, "it is empty", hint: make) }
    guard token.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw LoadToken.wrong(file, "a token is one line of printable ASCII without blanks", hint: make)
    }
    guard token.count >= LoadToken.fewest else {
      throw LoadToken.wrong(
        file, "the token has \(token.count) characters: fewer than \(LoadToken.fewest) can be guessed", hint: make)
    }
    self.init(token: Array(token))
  }

  init(token: [UInt8]) { digest = Array(Digest.of(token).hex.utf8) }

  private static func wrong(_ file: FilePath, _ reason: String, hint: String) -> ServeError {
    ServeError(.badOption, "--allow-load \(file)", reason: reason, hint: hint)
  }

  /// Lets nobody pass but those who send the token.
  /// - Throws: `RequestFailure` with 401.
  func check(_ fields: HTTPFields) throws {
    let values = fields.values("authorization")
    guard let value = values.first, values.count == 1, value.utf8.count <= LoadToken.most + 10,
      value.prefix(7).lowercased() == "bearer "
    else { throw RequestFailure(401, "loading and unloading needs the token: Authorization: Bearer TOKEN") }
    guard isSame(Array(value.dropFirst(7).drop { $0 == " " }.utf8)) else {
      throw RequestFailure(401, "the token is another one")
    }
  }

  /// Compares digests, and all of them: the time says nothing about the token.
  private func isSame(_ token: [UInt8]) -> Bool {
    let other = Array(Digest.of(token).hex.utf8)
    var difference = UInt8(other.count == digest.count ? 0 : 1)
    for (left, right) in zip(digest, other) { difference |= left ^ right }
    return difference == 0
  }
}
