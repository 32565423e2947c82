import OpzIO
import OpzOCI
import Testing

@Suite("References")
struct ReferenceTests {
  static let hex = String(repeating: "a", count: 64)

  @Test(
    "are parsed and printed back",
    arguments: [
      "localhost/a", "localhost:5000/a/b:1.0.0", "registry.example/crm/churn:v1", "127.0.0.1:5000/x__y/z-w:latest",
      "registry.example/a@sha256:\(hex)", "registry.example/a:1@sha256:\(hex)", "[::1]:5000/a:b", "a.b/c:_x",
    ])
  func valid(text: String) throws {
    #expect(try Reference(parsing: text).description == text)
  }

  @Test(
    "of Docker Hub are printed as container runtimes print them",
    arguments: [
      ("docker.io/nginx", "docker.io/library/nginx"), ("docker.io/nginx:1.27", "docker.io/library/nginx:1.27"),
      ("docker.io/library/nginx:1", "docker.io/library/nginx:1"), ("docker.io/ann/churn:1", "docker.io/ann/churn:1"),
      ("index.docker.io/nginx", "docker.io/library/nginx"), ("Docker.IO/ann/a/b", "docker.io/ann/a/b"),
      ("docker.io/nginx@sha256:\(hex)", "docker.io/library/nginx@sha256:\(hex)"),
      // docker treats these as separate hosts too.
      ("registry-1.docker.io/nginx", "registry-1.docker.io/nginx"), ("docker.io:443/nginx", "docker.io:443/nginx"),
      ("mirror.docker.io/nginx", "mirror.docker.io/nginx"), ("docker.io.example/nginx", "docker.io.example/nginx"),
    ])
  func ofDockerHub(text: String, expected: String) throws {
    let reference = try Reference(parsing: text)
    #expect(reference.description == expected)
    #expect(try Reference(parsing: expected) == reference)
  }

  @Test("of Docker Hub obey the length limit with the added parts")
  func longOnes() throws {
    let name = String(repeating: "a", count: 248)
    #expect(throws: OCIError.self) { try Reference(parsing: "docker.io/\(name)") }
    #expect(try Reference(parsing: "docker.io/\(name.dropLast())").repository.utf8.count == 255)
  }

  @Test(
    "text that does not name an image in a registry is refused",
    arguments: [
      "", "churn", "churn:1", "crm/churn", "localhost", "localhost/", "localhost/A", "localhost/a:", "localhost/a:.x",
      "localhost/a:" + String(repeating: "x", count: 129), "localhost/a@sha256:abc", "localhost/a@", "localhost/a//b",
      "localhost/a/", "localhost/-a", "localhost/a-", "localhost/a...b", "localhost/a___b", "http://localhost/a",
      "localhost:0/a", "localhost:99999/a", "localhost:x/a", "local_host.x/a", "-a.b/c", "a..b/c", "localhost/a b",
      "localhost/a?b", "localhost/../a", "user@localhost/a", "localhost/a\u{0}b",
      "localhost/" + String(repeating: "a", count: 256),
      "localhost/é",
    ])
  func invalid(text: String) {
    let error = #expect(throws: OCIError.self) { try Reference(parsing: text) }
    #expect(error?.category == .usage)
  }

  @Test(
    "recognize loopback addresses",
    arguments: [
      ("localhost", true), ("localhost:1", true), ("127.9.9.9:80", true), ("[::1]:5", true),
      ("127.0.0.1.example", false), ("128.0.0.1", false), ("localhost.example", false),
    ])
  func loopback(host: String, expected: Bool) throws {
    #expect(try Reference(host: host, repository: "a").isLoopback == expected)
  }
}

@Suite("Model names and versions")
struct NameTests {
  @Test("valid names", arguments: ["churn", "crm/churn", "a", "a.b_c-d", "x1/y2/z3", "versions2"])
  func valid(text: String) throws {
    #expect(try ModelName(text).description == text)
  }

  @Test(
    "invalid names",
    arguments: [
      "", "Churn", "a/", "/a", "a//b", "../a", "a/..", ".a", "-a", "a b", "a@1", "a:1", "versions", "a/events/b",
      "heads",
      "é", String(repeating: "a", count: 65), "a\n",
    ])
  func invalid(text: String) {
    #expect(throws: OCIError.self) { try ModelName(text) }
  }

  @Test("precedence follows semver.org, section 11")
  func precedence() throws {
    let order = [
      "0.0.1", "0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0",
    ].map { SemanticVersion($0)! }
    for (index, version) in order.enumerated() {
      for (other, later) in order.enumerated() { #expect((version < later) == (index < other), "\(version) \(later)") }
    }
  }

  @Test(
    "invalid versions",
    arguments: [
      "", "1", "1.0", "1.0.0.0", "v1.0.0", "01.0.0", "1.00.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "1.0.0+", "1.0.0-é",
      "-1.0.0", "1.0.9223372036854775808", "1.0.99999999999999999999999", " 1.0.0", "1.0.0 ", "latest", "1.0.0-a_b",
    ])
  func notVersions(text: String) {
    #expect(SemanticVersion(text) == nil)
  }

  @Test("the next versions")
  func next() {
    let version = SemanticVersion("1.2.3")!
    #expect(version.next(.major).description == "2.0.0")
    #expect(version.next(.minor).description == "1.3.0")
    #expect(version.next(.patch).description == "1.2.4")
    #expect(SemanticVersion("1.2.3-rc.1")!.next(.patch).description == "1.2.3")
    #expect(SemanticVersion("1.0.9223372036854775807")!.next(.patch).patch == 1 << 63)
  }
}
