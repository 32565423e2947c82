import OpzHTTPServer
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzInference
@testable import OpzServe

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("The token of those who load models")
struct LoadTokenTests {
  private static let secret = "0123456789abcdef"

  @Test(
    "A request passes with the token and nothing else",
    arguments: [
      (["Bearer 0123456789abcdef"], true), (["bearer   0123456789abcdef"], true), ([], false), (["Bearer "], false),
      (["Bearer 0123456789abcdeF"], false), (["Bearer 0123456789abcde"], false), (["Bearer 0123456789abcdef0"], false),
      (["0123456789abcdef"], false), (["Basic 0123456789abcdef"], false), (["Bearer0123456789abcdef"], false),
      (["Bearer 0123456789abcdef", "Bearer 0123456789abcdef"], false), (["Bearer \u{e9}"], false),
      (["Bearer " + String(repeating: "x", count: 100_000)], false),
    ] as [([String], Bool)])
  func passes(values: [String], isIn: Bool) {
    let token = LoadToken(token: Array(LoadTokenTests.secret.utf8))
    let fields = HTTPFields(values.map { ("Authorization", $0) })
    if isIn {
      #expect(throws: Never.self) { try token.check(fields) }
    } else {
      let failure = #expect(throws: RequestFailure.self) { try token.check(fields) }
      #expect(failure?.status == 401 && failure?.message.contains("0123") == false)
    }
  }

  @Test(
    "A file is one line that only its owner and group may read",
    arguments: [
      ("0123456789abcdef\n", 0o600, nil), ("0123456789abcdef\r\n", 0o440, nil), ("", 0o600, "it is empty"),
      ("\n\n", 0o600, "it is empty"), ("0123456789abcde", 0o600, "15 characters"),
      ("0123456789 abcdef", 0o600, "one line"),
      ("0123456789abcdef\n0123456789abcdef", 0o600, "one line"), ("0123456789abcdef", 0o644, "its mode is 644"),
      ("0123456789abcdef", 0o602, "its mode is 602"), (String(repeating: "x", count: 5000), 0o600, "the limit is 4096"),
    ] as [(String, mode_t, String?)])
  func files(text: String, mode: mode_t, problem: String?) throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("token", text)
    #expect(chmod(file.string, mode) == 0)
    guard let problem else {
      let token = try LoadToken(file: file)
      try token.check(["Authorization": "Bearer \(LoadTokenTests.secret)"])
      return
    }
    let error = #expect(throws: (any Error).self) { try LoadToken(file: file) }
    #expect("\(try #require(error))".contains(problem))
  }

  @Test("A directory, a pipe and nothing are no files of a token")
  func kinds() throws {
    let directory = try TemporaryDirectory()
    let pipe = directory.path.appending("pipe")
    #expect(mkfifo(pipe.string, 0o600) == 0)
    for path in [directory.path, pipe, directory.path.appending("absent")] {
      #expect(throws: (any Error).self) { try LoadToken(file: path) }
    }
  }
}
