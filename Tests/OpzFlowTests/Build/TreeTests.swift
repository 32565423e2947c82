import OpzArchive
import OpzFlow
import OpzIO
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@Suite("Unusual directories")
struct TreeTests {
  private func sh(_ script: String) throws {
    let result = try ChildProcess.run(["bash", "-euc", script])
    try #require(result.status == 0, "\(result.errorText)")
  }

  @Test("strange names, links, sparse files, empty and deep directories come out as they went in")
  func strange() async throws {
    let project = try Project.model()
    let root = project.path.appending("m")
    let deep = (0..<100).map { "d\($0)" }.joined(separator: "/")
    try sh(
      """
      mkdir -p '\(root)' && cd '\(root)' && mkdir empty && mkdir -p '\(deep)' && echo deep > '\(deep)/file'
      printf x > "$(printf 'a%.0s' {1..255})"
      printf y > $'new\\nline' && printf z > $'not\\xff\\xfeutf8' && printf w > $'e\\xcc\\x81' && printf v > $'\\xc3\\xa9'
      printf '%s' ' ' > ' leading and trailing ' && printf q > '-rf' && printf b > 'back\\slash'
      truncate -s 3M sparse && printf end >> sparse
      printf one > hard1 && ln hard1 hard2 && ln -s hard1 soft && ln -s empty dirlink
      printf '#!/bin/sh\\n' > run && chmod 4711 run && : > zero
      """)
    let version = try await project.package {
      $0.overrides = ["model.path=m", "code=[]", "config=[]"]
      $0.outputs = ["oci:layout:1"]
    }.version
    let out = project.directory.path.appending("bundle")
    try sh("umoci raw unpack --rootless --image '\(project.directory.path)/layout:1' '\(out)'")
    let compare = """
      cd '\(root)' && find . -type f -print0 | sort -z | xargs -0 sha256sum -z > /tmp/$$.a
      cd '\(out)/models' && find . -type f -print0 | sort -z | xargs -0 sha256sum -z > /tmp/$$.b
      cmp /tmp/$$.a /tmp/$$.b; rm /tmp/$$.a /tmp/$$.b
      test "$(readlink soft) $(readlink dirlink)" = 'hard1 empty'; test -d empty
      test "$(stat -c %a run) $(stat -c %a zero) $(stat -c %a empty)" = '755 644 755'
      test "$(stat -c %h hard1)" = 1
      """
    try sh(compare)
    let files = try await project.registry().files(of: version.record)
    let odd = try #require(files.first { $0.pathBytes != nil })
    #expect(odd.path == "/models/not\u{fffd}\u{fffd}utf8")
    #expect(odd.pathBytes == Hex.encode(Array("/models/not".utf8) + [0xff, 0xfe] + Array("utf8".utf8)))
    #expect(try await project.registry().fsck().problems == [])
  }

  @Test("thousands of files are listed in a separate blob, so the record stays small")
  func many() async throws {
    let project = try Project.model()
    try sh("mkdir '\(project.path)/m' && cd '\(project.path)/m' && for i in $(seq 3000); do echo $i > f$i; done")
    let version = try await project.package { $0.overrides = ["model.path=m"] }.version
    #expect(version.record.files.isEmpty && version.bytes.count < 10_000)
    let files = try await project.registry().files(of: version.record)
    #expect(files.count == 3002)
    #expect(files.first { $0.path == "/models/f17" }?.digest == .of(Array("17\n".utf8)))
    // The list is transferred with the record.
    let server = try RegistryServer()
    let destination = try Reference(parsing: "\(server.host)/crm/many:1")
    _ = try await PushVersion(version, to: destination, in: project.session).run(project.registry())
    var other = project.session
    other.registryPath = project.directory.path.appending("other")
    let pulled = try await PullVersion(destination, in: other).run().version
    #expect(try await other.openRegistry().files(of: pulled.record) == files)
  }

  @Test(
    "what is not a file, a directory or a link is refused, and so is a link that leads out",
    arguments: [
      "mkfifo m/pipe", "ln -s /etc/passwd m/abs", "ln -s ../../x m/out", "ln -s nowhere m/dangling",
      "ln -s loop m/loop",
    ])
  func refused(script: String) async throws {
    let project = try Project.model()
    try sh("cd '\(project.path)' && mkdir m && echo x > m/x && \(script)")
    let error = await #expect(throws: PackageError.self) {
      try await project.package { $0.overrides = ["model.path=m"] }
    }
    #expect(error?.code == .unsafePath)
    #expect(try FileStatus.find(project.session.registryPath) == nil)
  }
}

@Suite("Links of a project")
struct LinkRuleTests {
  private func sh(_ script: String) throws {
    let result = try ChildProcess.run(["bash", "-euc", script])
    try #require(result.status == 0, "\(result.errorText)")
  }

  private func files(_ project: Project, _ overrides: [String]) async throws -> [String: VersionRecord.File] {
    let version = try await project.package { $0.overrides = overrides }.version
    let files = try await project.registry().files(of: version.record)
    return Dictionary(files.map { ($0.path, $0) }, uniquingKeysWith: { one, _ in one })
  }

  @Test("a directory of links into a store of blobs is packaged with links: follow, each blob once")
  func snapshot() async throws {
    let project = try Project.model()
    try sh(
      """
      cd '\(project.directory.path)' && mkdir -p blobs more/deep '\(project.path)/m/sub'
      echo weights > blobs/ab; echo '{}' > blobs/cd; echo deep > more/deep/file
      cd '\(project.path)/m' && ln -s ../../blobs/ab model.bin && ln -s ../../blobs/cd config.json
      ln -s ../../../blobs/ab sub/again.bin && ln -s ../../blobs/ab zz.bin && ln -s ../../more linked
      """)
    let settings = ["model.path=m", "code=[]", "config=[]"]
    let refused = await #expect(throws: PackageError.self) { try await files(project, settings) }
    #expect(refused?.code == .unsafePath && refused?.hint?.contains("links: follow") == true)
    let found = try await files(project, settings + ["links=follow"])
    #expect(found["/models/model.bin"]?.digest == .of(Array("weights\n".utf8)))
    #expect(found["/models/config.json"]?.digest == .of(Array("{}\n".utf8)))
    #expect(found["/models/linked/deep/file"]?.digest == .of(Array("deep\n".utf8)))
    #expect(found["/models/sub/again.bin"]?.link == "../model.bin" && found["/models/zz.bin"]?.link == "model.bin")
    for (name, script) in [("loop", "ln -s . m/loop"), ("nowhere", "rm m/loop; ln -s nowhere m/nowhere")] {
      try sh("cd '\(project.path)' && \(script)")
      let error = await #expect(throws: PackageError.self) { try await files(project, settings + ["links=follow"]) }
      #expect(error?.code == .unsafePath && error?.subject.hasSuffix(name) == true)
    }
  }

  @Test("a link from one packaged tree to another leads to the other's place in the image")
  func across() async throws {
    let project = try Project.model()
    try sh(
      """
      cd '\(project.path)' && mkdir -p m/data lib && echo vocabulary > m/data/vocab && echo x > lib/x.py
      ln -s ../m/data/vocab lib/vocab && ln -s ../m/data lib/data && ln -s x.py lib/y.py && ln -s data/vocab lib/through
      ln -s ../lib/x.py m/code.py
      """)
    let settings = ["model.path=m", "code=[lib]", "config=[]"]
    let found = try await files(project, settings)
    #expect(found["/app/lib/vocab"]?.link == "../../models/data/vocab")
    #expect(
      found["/app/lib/through"]?.link == "../../models/data/vocab" || found["/app/lib/through"]?.link == "data/vocab")
    #expect(found["/app/lib/data"]?.link == "../../models/data" && found["/app/lib/y.py"]?.link == "x.py")
    #expect(found["/models/code.py"]?.link == "../app/lib/x.py")
    try sh("cd '\(project.path)' && echo other > other.txt && ln -s ../other.txt lib/lost")
    let error = await #expect(throws: PackageError.self) { try await files(project, settings) }
    #expect(error?.subject.hasSuffix("lib/lost") == true && error?.reason.contains("not packaged") == true)
  }
}

@Suite("Images for several platforms")
struct PlatformTests {
  /// The smallest file that counts as a static program for a processor.
  private func program(_ machine: UInt8) -> [UInt8] {
    var elf = [UInt8](repeating: 0, count: 120)
    elf.replaceSubrange(0..<6, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1])
    elf[18] = machine
    elf[32] = 64
    elf[54] = 56
    elf[56] = 1
    elf[64] = 1
    return elf
  }

  @Test("a native image for two platforms is one index with a golden digest; the foreign image is not run")
  func native() async throws {
    var project = try Project.churn()
    project.session.environment["OPZ_SERVER"] = nil
    for (name, machine) in [("amd64", UInt8(62)), ("arm64", 183)] {
      let path = project.directory.path.appending("server-\(name)")
      try Durable.replace(path, with: program(machine), mode: 0o755)
      let result = try await RuntimeImport.program(path, in: project.session)
      #expect(result.platform.description == "linux/\(name)")
    }
    let record = try await project.package { $0.overrides = ["platforms=[linux/amd64, linux/arm64]"] }.version.record
    #expect(record.image.mediaType == .imageIndex && record.platforms == ["linux/amd64", "linux/arm64"])
    let store = try project.registry().store
    for platform in [Platform.linuxAMD64, try #require(Platform("linux/arm64"))] {
      let image = try await store.image(record.image, platform: platform)
      #expect(image.config.platform == platform)
      #expect(image.layers.count == 2 && image.layers[1].descriptor == record.layers.last?.descriptor)
    }
    #expect(record.content.description == "sha256:28dc8a78d8c4c525c6e17b306cb31bc3361c72a1311460b7455ae49d7efe2f10")
    #expect(try await project.registry().fsck().problems == [])
  }

  @Test("a platform without a runtime is an error that says how to import one")
  func missing() async throws {
    let project = try Project.churn()
    let error = await #expect(throws: FlowError.self) {
      try await project.package { $0.overrides = ["platforms=[linux/arm64]"] }
    }
    #expect(error?.hint?.contains("opz runtime import") == true)
  }
}
