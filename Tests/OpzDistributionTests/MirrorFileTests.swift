import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDistribution

/// What the files of podman, containerd and docker say of an image, without any registry.
@Suite("Files of mirrors")
struct MirrorFileTests {
  /// The sources of an image, `HOST/REPO` with what is special, from files below a home.
  private func sources(
    _ image: String, _ files: [String: String], choice: String? = nil, byDigest: Bool? = nil
  ) throws -> [String]? {
    let home = try TemporaryDirectory()
    for (name, text) in files { try home.write(name, text) }
    var environment = ["HOME": home.path.string]
    environment[MirrorFiles.variable] = choice.map { $0.hasPrefix("/") ? home.path.string + $0 : $0 }
    let route = try MirrorFiles(environment: environment).route(to: Reference(parsing: image), byDigest: byDigest)
    return route?.sources.map(Self.text)
  }

  private static func text(_ source: PullSource) -> String {
    var text = (source.scheme.map { "\($0.rawValue)://" } ?? "") + source.reference.name
    if source.api != "/v2" { text += " api=\(source.api)" }
    if let namespace = source.namespace { text += " ns=\(namespace)" }
    if !source.resolvesTags { text += " no-tags" }
    if !source.servesContent { text += " no-content" }
    if source.isInsecure { text += " insecure" }
    if source.isUpstream { text += " upstream" }
    return text
  }

  @Test(arguments: MirrorCase.all)
  func route(_ one: MirrorCase) throws {
    #expect(try sources(one.image, [one.file: one.text], choice: one.choice ?? "podman") == one.sources)
  }

  @Test("OPZ_MIRRORS chooses a tool, a file, a directory or nothing")
  func choice() throws {
    let files = [
      MirrorCase.podman: "[[registry]]\nlocation = \"docker.io\"\nmirror = [{location = \"p.example\"}]\n",
      ".config/docker/daemon.json": #"{"registry-mirrors": ["https://d.example"]}"#,
      "hosts/docker.io/hosts.toml": "[host.\"https://c.example\"]\n",
      "other.conf": "[[registry]]\nlocation = \"docker.io\"\nmirror = [{location = \"o.example\"}]\n",
    ]
    for (choice, first) in [
      (nil, "p.example/team/x"), ("podman", "p.example/team/x"), ("docker", "https://d.example/team/x"),
      ("/other.conf", "o.example/team/x"), ("/hosts", "https://c.example/team/x ns=docker.io"),
      ("/.config/docker/daemon.json", "https://d.example/team/x"), ("none", nil),
    ] {
      #expect(try sources("docker.io/team/x:1", files, choice: choice)?.first == first, "\(choice ?? "unset")")
    }
    for wrong in ["crio", "/missing.conf"] {
      let error = #expect(throws: DistributionError.self) { try sources("docker.io/team/x:1", files, choice: wrong) }
      #expect(error?.code == .configuration && error?.hint != nil)
    }
  }

  @Test("drop-in files replace tables of the same prefix, in the order of their names")
  func dropIns() throws {
    let entry = { (host: String, mirror: String) in
      "[[registry]]\nlocation = \"\(host)\"\nmirror = [{location = \"\(mirror)\"}]\n"
    }
    let files = [
      MirrorCase.podman: entry("a.example", "main.example") + entry("a.example", "never.example")
        + entry("b.example", "main.example"),
      ".config/containers/registries.conf.d/10-one.conf": entry("a.example", "one.example"),
      ".config/containers/registries.conf.d/20-two.conf": entry("a.example", "two.example"),
      ".config/containers/registries.conf.d/30-three.txt": entry("a.example", "three.example"),
    ]
    #expect(try sources("a.example/x:1", files, choice: "podman")?.first == "two.example/x")
    #expect(try sources("b.example/x:1", files, choice: "podman")?.first == "main.example/x")
    let main = [MirrorCase.podman: files[MirrorCase.podman]!]
    #expect(try sources("a.example/x:1", main, choice: "podman")?.first == "main.example/x")
  }

  @Test("a blocked image is refused, and a longer prefix may allow it")
  func blocked() throws {
    let text = """
      [[registry]]
      location = "q.example"
      blocked = true
      [[registry]]
      location = "q.example/good"
      """
    let error = #expect(throws: DistributionError.self) {
      try sources("q.example/bad/x:1", [MirrorCase.podman: text], choice: "podman")
    }
    #expect(
      error?.code == .blocked && error?.category == .refused && error?.hint?.contains("registries.conf:1") == true)
    #expect(
      try sources("q.example/good/x:1", [MirrorCase.podman: text], choice: "podman") == ["q.example/good/x upstream"])
  }

  @Test(arguments: MirrorCase.malformed.indices)
  func malformed(_ index: Int) throws {
    let (file, text, line) = MirrorCase.malformed[index]
    let path = file == "/hosts" ? "hosts/q.example/hosts.toml" : String(file.dropFirst())
    let image = file == "/daemon.json" ? "docker.io/x:1" : "q.example/x:1"
    let error = #expect(throws: DistributionError.self) { try sources(image, [path: text], choice: file) }
    #expect(error?.code == .configuration && error?.category == .failed, "\(text)")
    #expect(error?.subject.hasSuffix("\(path):\(line)") == true, "\(error?.subject ?? "") for \(text)")
    #expect(error?.hint?.contains("OPZ_MIRRORS=none") == true)
  }

  @Test("a daemon.json with a mirror that docker would refuse, too large a file, and one that is no text")
  func refused() throws {
    for (file, text) in [
      ("daemon.json", #"{"registry-mirrors": ["https://m.example/path"]}"#),
      ("daemon.json", #"{"registry-mirrors": "https://m.example"}"#),
      ("large.conf", String(repeating: "#\n", count: 600_000)),
    ] {
      let error = #expect(throws: DistributionError.self) {
        try sources("docker.io/x:1", [file: text], choice: "/\(file)")
      }
      #expect(error?.code == .configuration && error?.hint != nil)
    }
  }

  @Test("no random file makes the reader trap", arguments: 0..<8)
  func random(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let pieces = [
      "[[registry]]\n", "[[registry.mirror]]\n", "location", "prefix", " = ", "\"q.example\"", "\"*.example\"", "\"\"",
      "\"/\"", "true", "\n", "blocked", "mirror", "[{", "}]", "insecure", "[host.\"https://m.example\"]\n", "server",
      "[host]\n", "capabilities = [\"pull\"]\n", "\"é\"", "\"*.\"", "override_path = true\n", "\"http://\"",
    ]
    let home = try TemporaryDirectory()
    let reference = try Reference(parsing: "q.example/x:1")
    for _ in 0..<150 {
      let text = (0..<Int.random(in: 1...12, using: &random)).map { _ in pieces.randomElement(using: &random)! }
        .joined()
      for name in ["r.conf", "hosts/q.example/hosts.toml"] {
        let path = try home.write(name, text)
        let choice = name == "r.conf" ? path : path.removingLastComponent().removingLastComponent()
        do {
          _ = try MirrorFiles(environment: [MirrorFiles.variable: choice.string]).route(to: reference)
        } catch let error as DistributionError {
          #expect(error.code == .configuration || error.code == .blocked)
        }
      }
    }
  }
}
