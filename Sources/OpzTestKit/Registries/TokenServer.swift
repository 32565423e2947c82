import FoundationEssentials
import OpzIO
import Synchronization
public import SystemPackage

/// A token server for a `RegistryServer`: it signs JSON web tokens (RS256) with its own key, made by `openssl`.
public final class TokenServer: Sendable {
  public static let issuer = "opz-test-issuer"
  public static let service = "opz-test-registry"

  /// The certificate that the registry must trust.
  public let certificate: FilePath
  private let server: ScriptedServer

  /// Starts the server.
  /// - Parameters:
  ///   - user: the only user who gets tokens; nil for everyone.
  ///   - life: lifetime of a token in seconds, as stated in the response and in the token.
  public init(user: String? = nil, password: String = "", life: Int = 300) throws {
    let directory = try TemporaryDirectory()
    let key = directory.path.appending("key.pem")
    certificate = directory.path.appending("certificate.pem")
    let made = try ChildProcess.run([
      "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=opz-test", "-keyout",
      key.string, "-out", certificate.string,
    ])
    guard made.status == 0 else { throw IOFailure("openssl: \(made.errorText)", path: certificate) }
    let wanted = user.map { "Basic " + Data("\($0):\(password)".utf8).base64EncodedString() }
    let signer = TokenSigner(directory: directory, key: key, certificate: certificate, life: life)
    server = try ScriptedServer { request in
      if let wanted, request.header("authorization") != wanted {
        return .init(401, text: #"{"errors":[{"code":"UNAUTHORIZED","message":"wrong user or password"}]}"#)
      }
      guard let token = try? signer.token(for: request.target) else { return .init(500) }
      return .init(200, [("Content-Type", "application/json")], text: #"{"token":"\#(token)","expires_in":\#(life)}"#)
    }
  }

  public var realm: String { "http://\(server.host)/token" }
  /// The requests so far.
  public var requests: [ScriptedServer.Request] { server.requests }
}

private struct TokenSigner: Sendable {
  let directory: TemporaryDirectory
  let key: FilePath
  let certificate: FilePath
  let life: Int

  func token(for target: String) throws -> String {
    let scopes = target.split(separator: "?").dropFirst().joined().split(separator: "&").compactMap { pair in
      pair.hasPrefix("scope=") ? pair.dropFirst(6).replacing("%3A", with: ":").replacing("%2F", with: "/") : nil
    }
    let access = scopes.map { scope in
      let parts = scope.replacing("%2C", with: ",").split(separator: ":").map(String.init)
      let actions = (parts.last ?? "").split(separator: ",").map { "\"\($0)\"" }.joined(separator: ",")
      return #"{"type":"repository","name":"\#(parts.dropFirst().first ?? "")","actions":[\#(actions)]}"#
    }
    let now = Timestamp.now().milliseconds / 1000
    let claims = """
      {"iss":"\(TokenServer.issuer)","sub":"test","aud":"\(TokenServer.service)","exp":\(now + Int64(life)),\
      "nbf":\(now - 10),"iat":\(now),"jti":"\(now)","access":[\(access.joined(separator: ","))]}
      """
    let der = try run(["openssl", "x509", "-in", certificate.string, "-outform", "DER"], [])
    let header = #"{"typ":"JWT","alg":"RS256","x5c":["\#(Data(der).base64EncodedString())"]}"#
    let signed = url64(Array(header.utf8)) + "." + url64(Array(claims.utf8))
    return signed + "." + url64(try run(["openssl", "dgst", "-sha256", "-sign", key.string], Array(signed.utf8)))
  }

  private func run(_ arguments: [String], _ input: [UInt8]) throws -> [UInt8] {
    let output = try ChildProcess.run(arguments, input: input)
    guard output.status == 0 else { throw IOFailure("openssl: \(output.errorText)", path: key) }
    return output.output
  }

  private func url64(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }
}
