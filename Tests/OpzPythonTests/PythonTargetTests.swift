import OpzOCI
import OpzPython
import OpzTestKit
import Testing

@Suite("Which wheels match a target")
struct PythonTargetTests {
  private func target(_ minor: Int, _ library: PythonTarget.Library = .glibc(2, 36), arm: Bool = false) throws
    -> PythonTarget
  {
    let platform = arm ? try #require(Platform("linux/arm64")) : .linuxAMD64
    return try PythonTarget(minor: minor, platform: platform, library: library)
  }

  private func rank(_ name: String, _ target: PythonTarget) throws -> Int? {
    try WheelName(parsing: "x-1-\(name).whl").tags.compactMap { target.rank($0) }.min()
  }

  @Test(
    "wheels for CPython 3.11 on amd64 with glibc 2.36, from best to worst, and wheels that do not match",
    arguments: [
      [
        "cp311-cp311-manylinux_2_36_x86_64", "cp311-cp311-manylinux_2_28_x86_64", "cp311-cp311-manylinux_2_17_x86_64",
        "cp311-cp311-manylinux2014_x86_64",
        "cp311-cp311-manylinux2010_x86_64", "cp311-cp311-manylinux1_x86_64", "cp311-cp311-linux_x86_64",
        "cp311-abi3-manylinux_2_28_x86_64",
        "cp37-abi3-manylinux_2_28_x86_64", "cp311-none-manylinux_2_28_x86_64", "cp311-none-any", "py311-none-any",
        "py310-none-any", "py3-none-manylinux_2_28_x86_64",
        "py3-none-any", "py2.py3-none-any",
      ]
    ])
  func order(names: [String]) throws {
    let target = try target(11)
    let ranks = try names.map { try #require(try rank($0, target), "\($0)") }
    #expect(ranks.dropLast() == ranks.dropLast().sorted()[...])
    #expect(ranks[ranks.count - 1] == ranks[ranks.count - 2])
  }

  @Test(
    "wheels that do not match",
    arguments: [
      "cp312-cp312-manylinux_2_28_x86_64", "cp312-abi3-manylinux_2_28_x86_64", "cp311-cp311-manylinux_2_37_x86_64",
      "cp311-cp311-manylinux_2_28_aarch64",
      "cp311-cp311-musllinux_1_2_x86_64", "cp311-cp311-win_amd64", "cp311-cp311-macosx_11_0_x86_64",
      "pp310-pypy310_pp73-manylinux_2_28_x86_64", "py2-none-any",
      "py312-none-any", "cp311-cp311t-manylinux_2_28_x86_64", "cp311-cp311-manylinux_3_1_x86_64",
      "cp311-cp311-manylinux_x_y_x86_64", "cp311-cp311-manylinux_2_99999999999999999999_x86_64",
    ])
  func misfits(name: String) throws {
    #expect(try rank(name, target(11)) == nil)
  }

  @Test("another C library or processor gets its own wheels")
  func others() throws {
    #expect(try rank("cp311-cp311-musllinux_1_2_x86_64", target(11, .musl(1, 2))) != nil)
    #expect(try rank("cp311-cp311-manylinux_2_17_x86_64", target(11, .musl(1, 2))) == nil)
    #expect(try rank("cp311-cp311-manylinux_2_28_aarch64", target(11, arm: true)) != nil)
    #expect(try rank("cp311-cp311-manylinux_2_28_x86_64", target(11, arm: true)) == nil)
    #expect(throws: PythonError.self) {
      try PythonTarget(minor: 11, platform: #require(Platform("linux/mips")), library: .glibc(2, 36))
    }
  }

  @Test("the reference agrees on every tag that it knows")
  func reference() throws {
    let script = """
      from pip._vendor.packaging import tags
      plat = list(tags.platform_tags())
      print("\\n".join(map(str, list(tags.cpython_tags((3, 11), ["cp311"], plat)) + list(tags.compatible_tags((3, 11), "cp311", plat)))))
      """
    let result = try Python.run(["-c", script])
    try #require(result.status == 0, "\(result.errorText)")
    let known = Set(result.text.split(separator: "\n").map(String.init))
    try #require(known.count > 300)
    let target = try target(11)
    for name in known {
      let parts = name.split(separator: "-").map(String.init)
      let tag = WheelTag(python: parts[0], abi: parts[1], platform: parts[2])
      // Python 2 and "any processor" tags do not occur in our Linux images.
      if tag.platform.contains("i686") { continue }
      #expect(target.rank(tag) != nil, "\(name)")
    }
  }
}

@Suite("Environment markers")
struct EnvironmentMarkerTests {
  private let target: PythonTarget

  init() throws { target = try PythonTarget(minor: 11, platform: .linuxAMD64, library: .glibc(2, 36)) }

  static let cases: [(String, Bool)] = [
    ("python_version >= '3.8'", true), ("python_version < \"3.9\"", false),
    ("python_version < '3.9' or sys_platform == 'linux'", true),
    ("sys_platform == 'win32' and python_version > '3'", false),
    ("(sys_platform == 'win32' or os_name == 'posix') and platform_machine == 'x86_64'", true),
    ("platform_machine in 'x86_64 aarch64'", true), ("platform_machine not in 'arm64'", true),
    ("'linux' == sys_platform", true),
    ("implementation_name == 'cpython'", true), ("platform_python_implementation != 'PyPy'", true),
    ("extra == 'test'", false), ("python_version ~= '3.10'", true),
    ("python_version == '3.*'", true), ("python_version != '3.11.*'", false), ("platform_system == 'Linux'", true),
    ("python_full_version >= '3.11.0'", true),
  ]

  @Test("markers are evaluated like the reference implementation", arguments: cases)
  func holds(text: String, expected: Bool) throws {
    #expect(try EnvironmentMarker(parsing: text).holds(for: target) == expected)
    let script = """
      import sys; from pip._vendor.packaging.markers import Marker
      print(Marker(sys.argv[1]).evaluate({"python_version": "3.11", "python_full_version": "3.11.0", "os_name": "posix", "sys_platform": "linux", "platform_system": "Linux",
        "platform_machine": "x86_64", "platform_python_implementation": "CPython", "implementation_name": "cpython", "extra": ""}))
      """
    #expect(try Python.run(["-c", script, text]).text == (expected ? "True\n" : "False\n"))
  }

  @Test(
    "invalid markers",
    arguments: [
      "", "python_version", "python_version >=", "foo == 'x'", "(os_name == 'posix'", "os_name == 'a' and",
      "os_name = 'a'", "'a' == 'b", String(repeating: "(", count: 5000),
      String(repeating: "(", count: 100) + "os_name == 'a'" + String(repeating: ")", count: 100),
    ])
  func malformed(text: String) {
    #expect(throws: PythonError.self) { try EnvironmentMarker(parsing: text) }
  }
}
