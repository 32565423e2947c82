import OpzIO
import OpzOCI
import Testing

/// The behavior of containerd's `platforms` (database.go, compare.go, platform_windows_compat.go), in tables.
@Suite("Platforms")
struct PlatformTests {
  @Test(
    "a platform has one normalized name",
    arguments: [
      ("linux/amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"), ("linux/x86-64", "linux/amd64"),
      ("linux/AMD64", "linux/amd64"),
      ("linux/amd64/v1", "linux/amd64"), ("linux/amd64/V2", "linux/amd64/v2"), ("linux/x86_64/v1", "linux/amd64"),
      ("linux/i386", "linux/386"), ("linux/i486", "linux/386"), ("linux/386", "linux/386"),
      ("linux/aarch64", "linux/arm64"),
      ("linux/arm64/v8", "linux/arm64"), ("linux/arm64/8", "linux/arm64"), ("linux/arm64/v9", "linux/arm64/v9"),
      ("linux/arm64/v8.2", "linux/arm64/v8.2"), ("linux/arm", "linux/arm/v7"), ("linux/arm/7", "linux/arm/v7"),
      ("linux/arm/5", "linux/arm/v5"), ("linux/armhf", "linux/arm/v7"), ("linux/armel", "linux/arm/v6"),
      ("linux/armhf/v6", "linux/arm/v7"), ("macos/arm64", "darwin/arm64"), ("Linux/ppc64le", "linux/ppc64le"),
      ("linux/riscv64", "linux/riscv64"), ("windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"),
    ])
  func normalized(text: String, name: String) throws {
    let platform = try #require(Platform(text))
    #expect(platform.normalized.description == name)
    #expect(platform.normalized.normalized == platform.normalized)
  }

  @Test(
    "an invalid platform is refused",
    arguments: [
      "", "linux", "/", "linux/", "/amd64", "linux/amd64/", "linux/amd64/v1/x", "linux/am d64", "linux(/amd64",
      "linux()/amd64", "a/b\n",
    ])
  func refused(text: String) { #expect(Platform(text) == nil) }

  /// (the wanted platform, the platforms of an index in order, the position of the chosen one, nil for none).
  static let table: [(String, [String], Int?)] = [
    ("linux/amd64", ["linux/amd64"], 0),
    ("linux/amd64", ["linux/amd64/v3", "linux/amd64"], 1),
    ("linux/amd64", ["linux/amd64/v3", "linux/amd64/v2", "linux/amd64/v1"], 2),
    ("linux/amd64", ["linux/amd64/v3", "linux/amd64/v2"], nil),
    ("linux/amd64", ["linux/386", "linux/amd64"], 1),
    ("linux/amd64", ["linux/arm64", "linux/386"], 1),
    ("linux/386", ["linux/amd64"], nil),
    ("linux/amd64/v3", ["linux/386", "linux/amd64", "linux/amd64/v2", "linux/amd64/v3", "linux/amd64/v4"], 3),
    ("linux/amd64/v3", ["linux/386", "linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], 2),
    ("linux/amd64/v3", ["linux/386", "linux/amd64/v1", "linux/amd64/v4"], 1),
    ("linux/amd64/v3", ["linux/386", "linux/amd64/v4"], 0),
    ("linux/amd64/v2", ["linux/amd64/v3", "linux/amd64"], 1),
    ("linux/x86_64", ["linux/arm64", "linux/amd64"], 1),
    ("linux/arm64/v8", ["linux/amd64", "linux/arm64"], 1),
    ("linux/arm64", ["linux/amd64", "linux/arm64/v8"], 1),
    ("linux/aarch64", ["linux/arm64/v9", "linux/arm64/v8"], 1),
    ("linux/arm64", ["linux/arm/v5", "linux/arm/v6", "linux/arm/v7", "linux/arm/v8"], 3),
    ("linux/arm64", ["linux/arm/v5", "linux/arm", "linux/arm/v6"], 1),
    ("linux/arm64/v9", ["linux/arm64", "linux/arm64/v8.5", "linux/arm64/v9.1"], 1),
    ("linux/arm64/v9.2", ["linux/arm64/v8", "linux/arm64/v9", "linux/arm64/v9.3", "linux/arm64/v9.1"], 3),
    ("linux/arm64/v9.2", ["linux/arm64/v8.8", "linux/arm64/v8.7", "linux/arm64/v8.6"], 1),
    ("linux/arm64/v8.2", ["linux/arm64", "linux/arm64/v8.1", "linux/arm64/v8.3"], 1),
    ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6", "linux/arm/v7"], 2),
    ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v8", "linux/arm/v6"], 2),
    ("linux/arm/v6", ["linux/arm/v7", "linux/arm/v5"], 1),
    ("linux/arm/v6", ["linux/arm"], nil),
    ("linux/arm", ["linux/arm/v6", "linux/arm/v7"], 1),
    ("linux/armel", ["linux/arm/v7", "linux/arm/v6"], 1),
    ("linux/arm/v7", ["linux/arm64"], nil),
    ("linux/s390x", ["linux/amd64", "linux/s390x"], 1),
    ("linux/amd64", ["windows/amd64", "darwin/amd64"], nil),
    ("macos/arm64", ["linux/arm64", "darwin/arm64/v8"], 1),
    ("linux/amd64", ["unknown/unknown", "linux/amd64", "unknown/unknown"], 1),
    ("linux/amd64", ["unknown/unknown"], nil),
    ("unknown/unknown", ["unknown/unknown"], nil),
    ("windows/amd64", ["windows(10.0.20348.1)/amd64", "windows(10.0.17763.1)/amd64"], 0),
    ("windows(10.0.17763.9)/amd64", ["windows(10.0.20348.1)/amd64", "windows(10.0.17763.1)/amd64"], 1),
    ("windows(10.0.17763.9)/amd64", ["windows(10.0.20348.1)/amd64"], nil),
    ("windows(10.0.26100)/amd64", ["windows(10.0.17763.1)/amd64", "windows(10.0.20348.1)/amd64"], 1),
    ("windows(10.0.17763)/amd64", ["windows/amd64"], 0),
  ]

  private func index(_ platforms: [String]) throws -> Index {
    let manifests = try platforms.enumerated().map { place, text in
      Descriptor(
        mediaType: .imageManifest, digest: .of(Array("\(place)".utf8)), size: 1, platform: try #require(Platform(text)))
    }
    return try Index(Index.Content(manifests: manifests))
  }

  @Test("the image chosen from an index is the one that containerd chooses", arguments: table.indices)
  func chosen(row: Int) throws {
    let (wanted, platforms, place) = PlatformTests.table[row]
    let index = try index(platforms)
    let chosen = index.manifests(for: try #require(Platform(wanted))).first
    #expect(chosen?.digest == place.map { index.content.manifests[$0].digest }, "\(wanted) of \(platforms)")
    // Reading it back gives the same platform.
    let again = try Index(raw: index.raw, subject: "index")
    #expect(again.manifests(for: try #require(Platform(wanted))).first == chosen)
  }

  @Test("required OS features must be present, and attestation manifests are recognized")
  func features() throws {
    var image = Platform(os: "windows", architecture: "amd64")
    image.osFeatures = ["win32k"]
    var node = Platform(os: "windows", architecture: "amd64")
    #expect(node.rank(of: image) == nil)
    node.osFeatures = ["a", "win32k"]
    #expect(node.rank(of: image) == 0)
    let attestation = Descriptor(
      mediaType: .imageManifest, digest: .of([1]), size: 1,
      annotations: ["vnd.docker.reference.type": "attestation-manifest"], platform: .linuxAMD64)
    #expect(try Index(Index.Content(manifests: [attestation])).manifests(for: .linuxAMD64).isEmpty)
  }

  @Test("a manifest without a platform comes last")
  func silent() throws {
    let silent = Descriptor(mediaType: .imageManifest, digest: .of([1]), size: 1)
    let named = Descriptor(mediaType: .imageManifest, digest: .of([2]), size: 1, platform: .linuxAMD64)
    let index = try Index(Index.Content(manifests: [silent, named]))
    #expect(index.manifests(for: .linuxAMD64) == [named, silent])
  }
}
