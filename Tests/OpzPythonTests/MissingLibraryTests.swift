import OpzIO
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzPython

@Suite("A wheel and the C library of the base")
struct MissingLibraryTests {
  private static let hash = String(repeating: "ab", count: 32)

  private func lock(_ file: String) throws -> PythonLock {
    try PythonLock(
      """
      lock-version = "1.0"
      [[packages]]
      name = "a"
      version = "1"
      wheels = [{ url = "https://example.org/\(file)", hashes = { sha256 = "\(Self.hash)" } }]

      """, subject: "pylock.toml")
  }

  @Test(
    "a wheel that needs another C library than the base has is named with both",
    arguments: [
      ("a-1-cp311-cp311-manylinux_2_39_x86_64.whl", PythonTarget.Library.glibc(2, 36), "glibc 2.39"),
      ("a-1-cp311-abi3-manylinux_2_37_x86_64.whl", .glibc(2, 36), "glibc 2.37"),
      ("a-1-cp311-cp311-manylinux_2_17_x86_64.whl", .musl(1, 2), "glibc 2.17"),
      ("a-1-cp311-cp311-musllinux_1_2_x86_64.whl", .glibc(2, 36), "musl 1.2"),
    ])
  func named(file: String, library: PythonTarget.Library, needed: String) throws {
    let target = try PythonTarget(minor: 11, platform: .linuxAMD64, library: library)
    let error = #expect(throws: PythonError.self) { try lock(file).select(for: target) }
    #expect(error?.reason.contains("needs \(needed)") == true, "\(error.map { "\($0)" } ?? "")")
    #expect(error?.reason.contains("\(target)") == true && error?.hint?.contains(needed) == true)
  }

  @Test(
    "what does not fit for another reason is not blamed on the library",
    arguments: ["cp39-cp39-manylinux_2_39_x86_64", "cp311-cp311-manylinux_2_39_aarch64", "cp311-cp311-win_amd64"])
  func others(tag: String) throws {
    let target = try PythonTarget(minor: 11, platform: .linuxAMD64, library: .glibc(2, 36))
    let error = #expect(throws: PythonError.self) { try lock("a-1-\(tag).whl").select(for: target) }
    #expect(error?.reason.contains("none of its 1 wheels fits") == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test("--torch-backend is passed to uv")
  func torch() throws {
    let target = try PythonTarget(minor: 11, platform: .linuxAMD64, library: .glibc(2, 36))
    var uv = UvCompile(.requirements("r.txt"), for: target, environment: [:])
    #expect(!uv.arguments(output: "o").contains("--torch-backend"))
    uv.torchBackend = "cpu"
    let arguments = uv.arguments(output: "o")
    #expect(arguments.firstIndex(of: "--torch-backend").map { arguments[$0 + 1] } == "cpu")
  }
}
