import OpzHTTP
import OpzIO
import OpzOCI
import OpzRegistryKit
import OpzStore
import OpzTestKit
import Synchronization
import SystemPackage
import Testing

@testable import OpzDistribution

/// Pulls from mirrors, between real registries and servers that fail.
@Suite("Pulls from mirrors")
struct MirrorTests {
  /// An image with one layer, in a repository `team/model` under the tag `1`.
  struct Image {
    let layer: [UInt8]
    let manifest: Manifest
    var blob: Descriptor { .of(layer, .layerTar) }

    init(bytes: Int = 3000) throws {
      layer = randomBytes(bytes)
      manifest = try Manifest(.init(config: .emptyConfig, layers: [.of(layer, .layerTar)]))
    }

    func push(to host: String) async throws {
      let remote = try repository(host)
      try await remote.put(.emptyConfig, from: BytesBlob(Array("{}".utf8)))
      try await remote.put(blob, from: BytesBlob(layer))
      try await remote.put(manifest.descriptor, from: BytesBlob(manifest.raw))
      try await remote.tag(manifest.descriptor, as: "1")
    }
  }

  /// A repository that is pulled as a file says.
  private func pulled(
    _ host: String, name: String = "team/model", file: String, _ text: String, byDigest: Bool = false,
    environment more: [String: String] = [:], progress: any ProgressSink = NoProgress(), idle: Int = 60
  ) throws -> (remote: RemoteRepository, directory: TemporaryDirectory) {
    let directory = try TemporaryDirectory()
    let path = try directory.write(file, text)
    let choice = file.hasSuffix(".toml") ? directory.path.appending("hosts") : path
    let environment = [MirrorFiles.variable: choice.string].merging(more) { $1 }
    let reference = try Reference(host: host, repository: name)
    let route = try #require(try MirrorFiles(environment: environment).route(to: reference, byDigest: byDigest))
    var retry = RetryPolicy.quick
    retry.idle = idle
    let remote = try RemoteRepository(
      reference, from: route, environment: environment, userAgent: "opz-tests/1", progress: progress, retry: retry)
    return (remote, directory)
  }

  private static func podman(_ host: String, _ mirrors: String...) -> String {
    "[[registry]]\nlocation = \"\(host)\"\n"
      + mirrors.map { "[[registry.mirror]]\nlocation = \"\($0)\"\n" }.joined()
  }

  private func check(_ remote: RemoteRepository, _ image: Image) async throws {
    let root = try await remote.resolve("1")
    #expect(root == image.manifest.descriptor)
    let store = MemoryStore()
    _ = try await copy(root, from: remote, to: store)
    #expect(try await store.bytes(image.blob) == image.layer)
  }

  @Test("a pull-through cache of docker-registry serves an image, also without its upstream")
  func cache() async throws {
    let (upstream, image) = (try RegistryServer(), try Image())
    try await image.push(to: upstream.host)
    let cache = try RegistryServer(cacheOf: upstream.host)
    let text = Self.podman(upstream.host, cache.host)
    let progress = RecordedProgress()
    let first = try pulled(upstream.host, file: "r.conf", text, progress: progress)
    try await check(first.remote, image)
    let said =
      "\(upstream.host)/team/model:1 is \(image.manifest.descriptor.digest), as the mirror \(cache.host)/team/model"
    #expect(progress.notes.count == 1 && progress.notes[0].hasPrefix(said), "\(progress.notes)")
    #expect(progress.notes.first?.hasSuffix("r.conf:3)") == true)
    // It stores what it fetched after it has sent it.
    for digest in [image.blob.digest, image.manifest.descriptor.digest, Descriptor.emptyConfig.digest] {
      for _ in 0..<1000 where (try? FileStatus.of(cache.file(of: digest))) == nil {
        try await Task.sleep(for: .milliseconds(20))
      }
    }
    upstream.stop()
    try await check(try pulled(upstream.host, file: "r.conf", text).remote, image)
  }

  /// What a mirror does wrong.
  enum Fault: String, CaseIterable, Sendable {
    case down, notFound, unauthorized, denied, limited, broken, hangsUp, garbage, otherManifest, otherBlob, shortBlob
    case longBlob, cutBlob, noBlob

    /// Whether the mirror may be asked for the tag first.
    var hasTag: Bool { [.otherBlob, .shortBlob, .longBlob, .cutBlob, .noBlob].contains(self) }
  }

  private static func mirror(_ fault: Fault, _ image: Image) throws -> ScriptedServer {
    let other = image.layer.map { ~$0 }
    return try ScriptedServer { request in
      typealias Answer = ScriptedServer.Answer
      let start = request.header("range").flatMap { Int($0.dropFirst(6).prefix { $0 != "-" }) } ?? 0
      let head = [("Content-Range", "bytes \(start)-\(image.layer.count - 1)/\(image.layer.count)")]
      let rest = Array(image.layer[start...])
      switch fault {
      case .down, .hangsUp: return .hangUp
      case .notFound: return Answer(404)
      case .unauthorized: return Answer(401, [("WWW-Authenticate", "Basic realm=\"m\"")])
      case .denied: return Answer(403)
      case .limited: return Answer(429, [("Retry-After", "86400")])
      case .broken: return Answer(500)
      case .garbage: return Answer(200, [("Content-Type", "text/html")], text: "<html>log in</html>")
      default: break
      }
      if request.path.contains("/manifests/") {
        let type = [("Content-Type", MediaType.imageManifest.rawValue)]
        guard fault == .otherManifest else { return Answer(200, type, body: image.manifest.raw) }
        // The right digest in the header does not help.
        let lie = [("Docker-Content-Digest", image.manifest.descriptor.digest.description)]
        return Answer(200, type + lie, body: Array(#"{"schemaVersion":2}"#.utf8))
      }
      guard request.path.hasSuffix(image.blob.digest.description) else { return Answer(200, text: "{}") }
      return switch fault {
      case .otherBlob: Answer(200, body: other)
      case .shortBlob: Answer(200, body: Array(image.layer.dropLast()))
      case .longBlob: Answer(200, body: image.layer + [0])
      case .cutBlob:
        start == 0 ? Answer(200, body: image.layer, cutAfter: 1000) : Answer(206, head, body: rest, cutAfter: 0)
      default: Answer(404)
      }
    }
  }

  @Test("whatever a mirror does wrong, the next one and the registry serve the image", arguments: Fault.allCases)
  func faults(_ fault: Fault) async throws {
    let (upstream, image) = (try SpecRegistry(), try Image())
    try await image.push(to: upstream.host)
    let mirror = try Self.mirror(fault, image)
    if fault == .down { mirror.stop() }
    let progress = RecordedProgress()
    // The second mirror has nothing at all.
    let empty = try SpecRegistry()
    let text = Self.podman(upstream.host, mirror.host, empty.host)
    let opened = try pulled(upstream.host, file: "r.conf", text, progress: progress)
    try await check(opened.remote, image)
    let notes = progress.notes.joined(separator: "\n")
    if fault != .noBlob, fault != .longBlob {
      #expect(notes.contains("the mirror \(mirror.host)/team/model is passed over"), "\(notes)")
    }
    #expect(notes.contains("as the mirror \(mirror.host)/team/model says") == fault.hasTag, "\(notes)")
    #expect(progress.outcomes.filter { $0 == .failed }.count <= (fault == .otherBlob ? 1 : 0), "\(progress.events)")
    // The right bytes, and one more: that one is left alone.
    let isWhole = fault == .longBlob
    #expect(upstream.requests.contains { $0.method == "GET" && $0.path.contains("/blobs/") } != isWhole)
  }

  @Test("a mirror that answers nothing is given up after a while")
  func slow() async throws {
    let (upstream, image) = (try SpecRegistry(), try Image())
    try await image.push(to: upstream.host)
    let mute = try LoopbackListener()
    let text = Self.podman(upstream.host, "127.0.0.1:\(mute.port)")
    let progress = RecordedProgress()
    let opened = try pulled(upstream.host, file: "r.conf", text, progress: progress, idle: 1)
    try await check(opened.remote, image)
    #expect(progress.notes.contains { $0.contains("is passed over") })
  }

  @Test("a broken blob is continued by the next source from its last byte")
  func continued() async throws {
    let (upstream, image) = (try SpecRegistry(), try Image(bytes: 400_000))
    try await image.push(to: upstream.host)
    let mirror = try Self.mirror(.cutBlob, image)
    let before = upstream.requests.count
    let opened = try pulled(upstream.host, file: "r.conf", Self.podman(upstream.host, mirror.host))
    #expect(try await readAll(try await opened.remote.blob(image.blob)) == image.layer)
    let asked = upstream.requests[before...].filter { $0.method == "GET" }
    #expect(asked.count == 1 && asked.first?.header("range") == "bytes=1000-", "\(asked)")
  }

  @Test("if nothing has the image, the error is the registry's, and says what the mirrors did")
  func nobody() async throws {
    let (upstream, mirror) = (try SpecRegistry(), try ScriptedServer { _ in .init(403) })
    let opened = try pulled(upstream.host, file: "r.conf", Self.podman(upstream.host, mirror.host))
    let error = await failure { try await opened.remote.resolve("1") }
    #expect(error?.code == .notFound && error?.subject.hasPrefix(upstream.host) == true)
    #expect(
      error?.reason.contains("mirrors failed before: \(mirror.host)/team/model: ") == true, "\(error?.reason ?? "")")
  }

  @Test("the registry itself need not be there where a mirror has the image")
  func alone() async throws {
    let (image, mirror) = (try Image(), try SpecRegistry())
    try await image.push(to: mirror.host)
    let closed = try LoopbackListener(isListening: false)
    let progress = RecordedProgress()
    let text = Self.podman("127.0.0.1:\(closed.port)", mirror.host)
    let opened = try pulled("127.0.0.1:\(closed.port)", file: "r.conf", text, progress: progress)
    // Nothing is known of the mirror yet, so that its word does not count.
    let error = await failure { try await opened.remote.resolve("2") }
    #expect(error?.code == .connection && error?.reason.contains("mirrors failed before") == true)
    let again = try pulled("127.0.0.1:\(closed.port)", file: "r.conf", text, progress: progress).remote
    try await check(again, image)
    #expect(try await again.digest(ofTag: "missing") == nil)
    #expect(await failure { try await again.resolve("missing") }?.code == .notFound)
    #expect(try await again.referrers(of: image.manifest.descriptor.digest) == [])
    #expect(
      progress.notes.filter { $0.contains("cannot be asked whether it has more") }.count == 1, "\(progress.notes)")
  }

  @Test("a mirror of content is not asked what a tag names, and hears which registry is meant")
  func capabilities() async throws {
    let (upstream, mirror, image) = (try RegistryServer(), try SpecRegistry(), try Image())
    for host in [upstream.host, mirror.host] { try await image.push(to: host) }
    let before = mirror.requests.count
    let text = "[host.\"http://\(mirror.host)\"]\ncapabilities = [\"pull\"]\n"
    let opened = try pulled(upstream.host, file: "hosts/_default/hosts.toml", text)
    try await check(opened.remote, image)
    _ = try await opened.remote.referrers(of: image.manifest.descriptor.digest)
    let asked = mirror.requests[before...]
    #expect(asked.contains { $0.path == "/v2/team/model/blobs/\(image.blob.digest)" })
    let namespace = "ns=" + upstream.host.replacing(":", with: "%3A")
    #expect(asked.allSatisfy { $0.path.contains("sha256:") && $0.target.hasSuffix("?\(namespace)") }, "\(asked)")
  }

  @Test("certificates of a mirror: from a file, unchecked, and neither", arguments: ["ca", "skip", "none"])
  func certificates(_ kind: String) async throws {
    let (upstream, mirror, image) = (try SpecRegistry(), try RegistryServer(tls: true), try Image())
    let trusting = try RemoteRepository(
      Reference(host: mirror.host, repository: "team/model"),
      environment: ["SSL_CERT_FILE": mirror.certificate.string], retry: .quick, scheme: .https)
    for remote in [trusting, try repository(upstream.host)] {
      try await remote.put(.emptyConfig, from: BytesBlob(Array("{}".utf8)))
      try await remote.put(image.blob, from: BytesBlob(image.layer))
      try await remote.put(image.manifest.descriptor, from: BytesBlob(image.manifest.raw))
      try await remote.tag(image.manifest.descriptor, as: "1")
    }
    let before = upstream.requests.count
    let setting = ["ca": "ca = \"../../ca.pem\"", "skip": "skip_verify = true", "none": ""][kind] ?? ""
    let opened = try pulled(
      upstream.host, file: "hosts/_default/hosts.toml", "[host.\"https://\(mirror.host)\"]\n", progress: NoProgress())
    // The path is relative to the file.
    try opened.directory.write(
      "ca.pem", String(decoding: SmallFile.read(mirror.certificate, limit: 1 << 20), as: UTF8.self))
    try opened.directory.write("hosts/_default/hosts.toml", "[host.\"https://\(mirror.host)\"]\n\(setting)\n")
    let reference = try Reference(host: upstream.host, repository: "team/model")
    let environment = [MirrorFiles.variable: opened.directory.path.appending("hosts").string]
    let route = try #require(try MirrorFiles(environment: environment).route(to: reference))
    let remote = try RemoteRepository(
      reference, from: route, environment: environment, userAgent: "opz-tests/1", retry: .quick)
    try await check(remote, image)
    #expect((upstream.requests.count == before) == (kind != "none"))
    mirror.stop()
  }

  @Test("opz doctor says which mirror is asked, and as which file says")
  func doctor() async throws {
    let (upstream, mirror) = (try RegistryServer(), try RegistryServer())
    let directory = try TemporaryDirectory()
    func findings(_ text: String) async throws -> [RemoteProbe.Finding] {
      let path = try directory.write("r.conf", text)
      let doctor = try RemoteDoctor(
        upstream.host, environment: [MirrorFiles.variable: path.string], userAgent: "opz-tests/1")
      return try await doctor.run().findings.filter { $0.check.hasPrefix("mirror") }
    }
    let closed = try LoopbackListener(isListening: false)
    let two = try await findings(
      Self.podman(upstream.host, mirror.host, "127.0.0.1:\(closed.port)")
        + "pull-from-mirror = \"digest-only\"\n")
    #expect(two.map(\.verdict) == [.ok, .warn], "\(two)")
    #expect(
      two.first?.found.contains("\(mirror.host)/") == true && two.first?.found.hasSuffix("for everything") == true)
    #expect(two.first?.action.hasSuffix("r.conf:3 says") == true)
    #expect(two.last?.found.contains("for content by its digest, but ") == true, "\(two)")
    #expect(try await findings("") == [])
    let none = try await findings("[[registry]]\nlocation = \"\(upstream.host)\"\n")
    #expect(none.map(\.found) == ["none"] && none.first?.verdict == .ok)
    let moved = try await findings("[[registry]]\nprefix = \"\(upstream.host)\"\nlocation = \"\(mirror.host)/x\"\n")
    #expect(moved.map(\.verdict) == [.warn], "\(moved)")
    let wrong = try await findings("[[registry]]\nblocked = 1\n")
    #expect(wrong.map(\.verdict) == [.fail], "\(wrong)")
  }
}

/// Credentials belong to one host: the registry's never reach a mirror, nor the mirror's the registry.
@Suite("Credentials and mirrors")
struct MirrorCredentialTests {
  enum Challenge: String, CaseIterable, Sendable { case basic, bearer, foreignBearer, redirect }

  @Test(arguments: Challenge.allCases, ["podman", "containerd", "docker"])
  func sink(_ challenge: Challenge, _ tool: String) async throws {
    let upstreamHost = Mutex("")
    let mirror = try ScriptedServer { request in
      typealias Answer = ScriptedServer.Answer
      let own = "http://\(request.header("host") ?? "")/token"
      switch challenge {
      case _ where request.path == "/token": return Answer(200, text: #"{"token":"mirrors-token"}"#)
      case .basic: return Answer(401, [("WWW-Authenticate", "Basic realm=\"m\"")])
      case .bearer: return Answer(401, [("WWW-Authenticate", "Bearer realm=\"\(own)\",service=\"m\"")])
      case .foreignBearer:
        let realm = "http://\(upstreamHost.withLock { $0 })/token"
        return Answer(401, [("WWW-Authenticate", "Bearer realm=\"\(realm)\",service=\"m\"")])
      case .redirect: return Answer(307, [("Location", "http://\(upstreamHost.withLock { $0 })\(request.target)")])
      }
    }
    let upstream = try ScriptedServer { request in
      request.header("authorization") == nil
        ? .init(401, [("WWW-Authenticate", "Basic realm=\"u\"")]) : .init(404)
    }
    upstreamHost.withLock { $0 = upstream.host }
    let directory = try TemporaryDirectory()
    // docker's mirrors are of Docker Hub alone, which is not contacted here: its client is never asked to be one.
    let text =
      switch tool {
      case "podman": "[[registry]]\nlocation = \"\(upstream.host)\"\nmirror = [{location = \"\(mirror.host)\"}]\n"
      case "containerd": "[host.\"http://\(mirror.host)\"]\n"
      default: "{\"registry-mirrors\": [\"http://\(mirror.host)\"]}"
      }
    let name = ["podman": "r.conf", "containerd": "hosts/_default/hosts.toml", "docker": "daemon.json"][tool] ?? ""
    let path = try directory.write(name, text)
    let choice = tool == "containerd" ? directory.path.appending("hosts") : path
    let login = #"{"auth":"YW5uOnBhc3N3MHJkLXNlY3JldA=="}"#
    try directory.write(
      "config.json",
      #"{"auths":{"\#(upstream.host)":\#(login),"https://index.docker.io/v1/":\#(login)}}"#)
    let environment = [MirrorFiles.variable: choice.string, "DOCKER_CONFIG": directory.path.string]
    let host = tool == "docker" ? "docker.io" : upstream.host
    let reference = try Reference(host: host, repository: "team/model")
    let route = try #require(try MirrorFiles(environment: environment).route(to: reference))
    let asked = tool == "docker" ? PullRoute(sources: Array(route.sources.dropLast()), file: route.file) : route
    let remote = try RemoteRepository(
      reference, from: asked, environment: environment, userAgent: "opz-tests/1", retry: .quick)
    let digest = Digest.of([1])
    _ = try? await remote.resolve("1")
    _ = try? await remote.contains(.of([1], .layerTar))
    _ = try? await readAll(try await remote.blob(.of([1], .layerTar)))
    _ = try? await remote.referrers(of: digest)
    #expect(!mirror.requests.isEmpty)
    if tool != "docker" {
      #expect(upstream.requests.contains { $0.header("authorization") != nil }, "the registry was never logged in to")
    }
    for request in mirror.requests {
      let authorization = request.header("authorization")
      #expect(authorization == nil || authorization == "Bearer mirrors-token", "\(request.target)")
      let all = request.target + request.headers.map { $0.name + $0.value }.joined()
      #expect(!all.contains("secret") && !all.contains("YW5u"))
    }
    for request in upstream.requests {
      #expect(request.header("authorization") != "Bearer mirrors-token")
      // What the mirror led to was asked without credentials.
      if challenge == .foreignBearer { #expect(!(request.path == "/token" && request.header("authorization") != nil)) }
    }
  }

  @Test("a mirror gets the credentials of its own host and repository")
  func own() async throws {
    let mirror = try ScriptedServer { request in
      request.header("authorization") == nil
        ? .init(401, [("WWW-Authenticate", "Basic realm=\"m\"")]) : .init(404)
    }
    let upstream = try ScriptedServer { _ in .init(404) }
    let directory = try TemporaryDirectory()
    let path = try directory.write(
      "r.conf", "[[registry]]\nlocation = \"\(upstream.host)\"\nmirror = [{location = \"\(mirror.host)/cache\"}]\n")
    let auth = { (text: String) in "{\"auth\":\"\(text)\"}" }
    // ann:one for the host, and bob:two for the namespace.
    try directory.write(
      "config.json",
      "{\"auths\":{\"\(mirror.host)\":\(auth("YW5uOm9uZQ==")),\"\(mirror.host)/cache\":\(auth("Ym9iOnR3bw=="))}}")
    let environment = [MirrorFiles.variable: path.string, "DOCKER_CONFIG": directory.path.string]
    let reference = try Reference(host: upstream.host, repository: "team/model")
    let route = try #require(try MirrorFiles(environment: environment).route(to: reference))
    let remote = try RemoteRepository(
      reference, from: route, environment: environment, userAgent: "opz-tests/1", retry: .quick)
    _ = try? await remote.resolve("1")
    #expect(mirror.requests.compactMap { $0.header("authorization") } == ["Basic Ym9iOnR3bw=="])
    #expect(upstream.requests.allSatisfy { $0.header("authorization") == nil })
  }
}
