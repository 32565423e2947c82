import OpzDebian
import OpzIO
import Testing

@Suite("The choice of Debian packages")
struct ResolverTests {
  private let status = """
    Package: r-base-core
    Status: install ok installed
    Version: 4.2.2-2
    Architecture: amd64
    Provides: r-api-4.0

    Package: libc6
    Status: install ok installed
    Version: 2.36-9
    Architecture: amd64
    Breaks: old-thing (<< 2)

    Package: removed
    Status: deinstall ok config-files
    Version: 1
    Architecture: amd64

    Package: foreign
    Status: install ok installed
    Version: 1
    Architecture: i386

    """

  /// `name version | field: value | ..` a line.
  private func index(_ lines: [String], archive: String = "http://one/", priority: Int = 500) throws -> PackageIndex {
    let text = lines.map { line in
      let parts = line.split(separator: "|").map { $0.drop { $0 == " " } }
      let words = parts[0].split(separator: " ")
      let fields = parts.dropFirst().map { "\($0)\n" }.joined()
      let own = fields.contains("Architecture:") ? "" : "Architecture: amd64\n"
      return
        "Package: \(words[0])\nVersion: \(words[1])\n\(own)\(fields)Filename: pool/\(words[0]).deb\nSize: 1\nSHA256: "
        + String(repeating: "a", count: 64) + "\n"
    }
    return try PackageIndex(
      Array(text.joined(separator: "\n").utf8), architecture: "amd64", archive: archive, priority: priority,
      subject: "Packages")
  }

  private func chosen(
    _ names: [String], _ indexes: [PackageIndex], preferring: [String: DebianVersion] = [:]
  ) throws -> [String] {
    var base = InstalledPackages()
    try base.add(Array(status.utf8), architecture: "amd64", subject: "status")
    let pool = PackagePool(indexes, preferring: preferring)
    let wants = try names.map { Resolver.Want($0, try Dependency.all(in: $0, architecture: "amd64", subject: $0)[0]) }
    return try Resolver(base: base, pool: pool, name: "base").resolve(wants).map { "\($0.name) \($0.version)" }
  }

  @Test("follows dependencies to what the base has")
  func closure() throws {
    let packages = try index([
      "r-cran-a 1 | Depends: r-base-core (>= 4.2), r-api-4.0, libc6 (>= 2.30), r-cran-b | Recommends: x",
      "r-cran-b 2 | Pre-Depends: libz (>= 1) | Architecture: all", "libz 1", "libz 3 | Architecture: arm64", "libz 2",
    ])
    #expect(try chosen(["r-cran-a"], [packages]) == ["libz 2", "r-cran-a 1", "r-cran-b 2"])
    #expect(try chosen(["r-api-4.0"], [packages]) == [])
  }

  @Test("takes alternatives and providers in their order")
  func alternatives() throws {
    let packages = try index([
      "b 1 | Depends: virtual (>= 2)", "second 1", "p1 1 | Provides: virtual",
      "p2 1 | Provides: virtual (= 1)", "p3 1 | Provides: virtual (= 2)",
    ])
    #expect(try chosen(["none | second"], [packages]) == ["second 1"])
    #expect(try chosen(["b"], [packages]) == ["b 1", "p3 1"])
    #expect(try chosen(["virtual"], [packages]) == ["p1 1"])
  }

  @Test("takes an older version where the newest would need an upgrade of the base")
  func backtracking() throws {
    let newest = "a 3 | Depends: libc6 (>= 2.38)"
    #expect(try chosen(["a"], [index([newest, "a 2 | Depends: b", "b 1 | Conflicts: libc6", "a 1"])]) == ["a 1"])
    let error = #expect(throws: DebianError.self) { try chosen(["a"], [index([newest])]) }
    #expect(error?.code == .unsatisfiable)
    #expect(error?.subject == "a 3 needs libc6 (>= 2.38)")
    #expect(error?.reason.contains("base has libc6 2.36-9") == true)
  }

  @Test("takes archives by their priority, and a lock's versions first")
  func priorities() throws {
    let (stable, backports) = (try index(["a 1", "a 2"]), try index(["a 3", "b 1"], priority: 100))
    #expect(try chosen(["a", "b"], [backports, stable]) == ["a 2", "b 1"])
    #expect(try chosen(["a"], [backports, stable], preferring: ["a": DebianVersion("1")!]) == ["a 1"])
    #expect(try chosen(["a"], [backports, stable], preferring: ["a": DebianVersion("9")!]) == ["a 2"])
  }

  @Test("adds nothing that does not go together with the base or with what is added")
  func conflicts() throws {
    let packages = try index([
      "old-thing 1", "hater 1 | Breaks: r-api-4.0", "x 1 | Conflicts: y", "y 1", "self 1 | Provides: s | Conflicts: s",
      "libc6 2.37",
    ])
    for wanted in [["old-thing"], ["hater"], ["x", "y"], ["libc6 (>= 2.37)"]] {
      #expect(throws: DebianError.self, "\(wanted)") { try chosen(wanted, [packages]) }
    }
    #expect(try chosen(["self"], [packages]) == ["self 1"])
  }

  @Test("names who needs what is nowhere")
  func missing() throws {
    let error = #expect(throws: DebianError.self) { try chosen(["a"], [index(["a 1 | Depends: ghost (>= 2)"])]) }
    #expect(error?.subject == "a 1 needs ghost (>= 2)")
    #expect(throws: DebianError.self) { try chosen(["removed"], [index([])]) }
    #expect(throws: DebianError.self) { try chosen(["foreign"], [index([])]) }
  }

  @Test("ends, whatever an archive says")
  func hostile() throws {
    // Each of 40 packages has two versions, and the last needs what is nowhere: two to the 40 ways.
    let lines = (0..<40).flatMap { number in
      ["1", "2"].map { "p\(number)x \($0) | Depends: \(number == 39 ? "ghost" : "p\(number + 1)x")" }
    }
    #expect(throws: DebianError.self) { try chosen(["p0x"], [index(lines)]) }
    let cycle = try index(["aa 1 | Depends: bb", "bb 1 | Depends: aa"])
    #expect(try chosen(["aa"], [cycle]) == ["aa 1", "bb 1"])
  }
}
