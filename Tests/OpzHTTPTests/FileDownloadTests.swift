import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzHTTP

@Suite("Downloads of files by digest")
struct FileDownloadTests {
  private typealias Answer = ScriptedServer.Answer
  let directory: TemporaryDirectory
  let content = randomBytes(900_000)

  init() throws { directory = try TemporaryDirectory() }

  private var path: FilePath { directory.path.appending("wheels/a.whl") }

  private func item(_ url: String, size: Bool = true) -> FileDownload.Item {
    FileDownload.Item(name: "a.whl", url: url, digest: .of(content), size: size ? UInt64(content.count) : nil)
  }

  private func client(
    _ logins: [(url: String, login: FileDownload.Login)] = [], _ progress: any ProgressSink = NoProgress()
  )
    throws -> FileDownload
  {
    try FileDownload(
      environment: [:], logins: logins, userAgent: "opz", progress: progress, insecure: false,
      retry: RetryPolicy(attempts: 5, base: 0.01, longest: 0.05, deadline: 6000))
  }

  private func ranged(_ content: [UInt8], _ request: ScriptedServer.Request, cut: Int? = nil) -> Answer {
    let start = request.header("range").flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
    let headers = start > 0 ? [("Content-Range", "bytes \(start)-\(content.count - 1)/\(content.count)")] : []
    return Answer(start > 0 ? 206 : 200, headers, body: Array(content[start...]), cutAfter: cut)
  }

  private var left: [String] { (try? directory.tree().filter { $0 != "wheels" }) ?? [] }

  @Test("an interrupted download resumes where it stopped, whether or not its size is known", arguments: [true, false])
  func resumes(sized: Bool) async throws {
    let server = try ScriptedServer { [content] in ranged(content, $0, cut: $0.number < 4 ? 200_000 : nil) }
    try await client().fetch(item("http://\(server.host)/a.whl", size: sized), to: path)
    #expect(try FileBlob(path).bytes() == content && left == ["wheels/a.whl"])
    #expect(server.requests.map { $0.header("range") } == [nil, "bytes=200000-", "bytes=400000-", "bytes=600000-"])
  }

  @Test("the next process resumes what an earlier one left")
  func nextProcess() async throws {
    try Durable.makeDirectory(path.removingLastComponent())
    try Durable.replace(FilePath(path.string + ".part"), with: Array(content[..<500_000]))
    let server = try ScriptedServer { [content] in ranged(content, $0) }
    try await client().fetch(item("http://\(server.host)/a.whl"), to: path)
    #expect(try FileBlob(path).bytes() == content)
    #expect(server.requests.map { $0.header("range") } == ["bytes=500000-"])
    try await client().fetch(item("http://\(server.host)/a.whl"), to: path)
    #expect(server.requests.count == 1)
  }

  @Test("a partial file is removed once the complete file exists")
  func partialFileRemoved() async throws {
    try Durable.makeDirectory(path.removingLastComponent())
    try Durable.replace(FilePath(path.string + ".part"), with: Array(content[..<500_000]))
    try Durable.replace(path, with: content)
    try await client().fetch(item("http://127.0.0.1:9/a.whl"), to: path)
    #expect(left == ["wheels/a.whl"])
  }

  @Test("a server without range support sends the whole file again")
  func noRanges() async throws {
    try Durable.makeDirectory(path.removingLastComponent())
    try Durable.replace(FilePath(path.string + ".part"), with: Array(content[..<500_000]))
    let server = try ScriptedServer { [content] _ in Answer(200, body: content) }
    try await client().fetch(item("http://\(server.host)/a.whl"), to: path)
    #expect(try FileBlob(path).bytes() == content)
  }

  @Test("a file with other content is an error, and nothing of it is kept", arguments: [899_999, 900_000, 900_001])
  func otherFile(size: Int) async throws {
    let other = randomBytes(size).map { $0 ^ 1 }
    let server = try ScriptedServer { _ in Answer(200, body: other) }
    let error = await #expect(throws: HTTPError.self) {
      try await client().fetch(item("http://\(server.host)/a.whl"), to: path)
    }
    #expect(error.map { [.wrongDigest, .wrongSize, .connection].contains($0.code) } == true)
    #expect(!left.contains("wheels/a.whl"))
  }

  @Test("a damaged partial file fails the digest check, and the next download succeeds")
  func damagedPart() async throws {
    try Durable.makeDirectory(path.removingLastComponent())
    try Durable.replace(FilePath(path.string + ".part"), with: [UInt8](repeating: 9, count: 1000))
    let server = try ScriptedServer { [content] in ranged(content, $0) }
    let error = await #expect(throws: HTTPError.self) {
      try await client().fetch(item("http://\(server.host)/a.whl"), to: path)
    }
    #expect(error?.code == .wrongDigest && left == [])
    try await client().fetch(item("http://\(server.host)/a.whl"), to: path)
    #expect(try FileBlob(path).bytes() == content)
  }

  @Test("a login is sent to its own server and not to the target of a redirect")
  func logins() async throws {
    let other = try ScriptedServer { [content] _ in Answer(200, body: content) }
    let target = "http://\(other.host)/b.whl"
    let server = try ScriptedServer { _ in Answer(302, [("Location", target)]) }
    let login = FileDownload.Login(user: "u", password: "secret")
    try await client([("http://\(server.host)/simple", login)]).fetch(item("http://\(server.host)/a.whl"), to: path)
    #expect(server.requests.allSatisfy { $0.header("authorization")?.hasPrefix("Basic ") == true })
    #expect(other.requests.count == 1 && other.requests[0].header("authorization") == nil)
  }

  @Test(
    "addresses to which no request is sent",
    arguments: [
      "http://example.org/a", "ftp://example.org/a", "file:///etc/passwd", "https://u:p@example.org/a", "a.whl",
    ])
  func refused(url: String) async throws {
    let error = await #expect(throws: HTTPError.self) { try await client().fetch(item(url), to: path) }
    #expect(error?.description.contains("u:p") == false && left == [])
  }

  @Test(
    "each status becomes an error with a useful hint",
    arguments: [(401, ErrorCategory.network), (403, .network), (404, .notFound), (503, .network)])
  func statuses(status: Int, category: ErrorCategory) async throws {
    let server = try ScriptedServer { _ in Answer(status, text: "<html>") }
    let error = await #expect(throws: HTTPError.self) {
      try await client().fetch(item("http://\(server.host)/a.whl"), to: path)
    }
    #expect(error?.code == .status(status) && error?.category == category)
    #expect((error?.hint?.contains("login") == true) == (status == 401 || status == 403))
    #expect(server.requests.count == (status == 503 ? 5 : 1))
  }

  @Test("concurrent downloads of one file fetch it once")
  func together() async throws {
    let server = try ScriptedServer { [content] in ranged(content, $0) }
    let (client, item, path) = (try client(), item("http://\(server.host)/a.whl"), path)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { try await client.fetch(item, to: path) } }
      try await group.waitForAll()
    }
    #expect(server.requests.count == 1 && left == ["wheels/a.whl"])
  }
}
