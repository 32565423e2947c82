import OpzPython
import Testing

@Suite("Wheel file names") struct WheelNameTests {
  @Test func parts() throws {
    let name = try WheelName(
      parsing: "Scikit_Learn-2.1.0rc1+cu121-12abc-cp312.cp313-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl")
    #expect(name.distribution == "Scikit_Learn" && name.normalizedDistribution == "scikit-learn")
    #expect(name.version == "2.1.0rc1+cu121" && name.build?.description == "12abc")
    #expect(
      name.tags.map(\.description) == [
        "cp312-abi3-manylinux_2_17_x86_64", "cp312-abi3-manylinux2014_x86_64", "cp313-abi3-manylinux_2_17_x86_64",
        "cp313-abi3-manylinux2014_x86_64",
      ])
  }

  @Test(
    arguments: [
      ("pip-26.3-py3-none-any.whl", "pip", "26.3", ["py3-none-any"]),
      ("six-1.17.0-py2.py3-none-any.whl", "six", "1.17.0", ["py2-none-any", "py3-none-any"]),
      ("zope.interface-7.2-cp39-cp39-win32.whl", "zope-interface", "7.2", ["cp39-cp39-win32"]),
      ("a-1!2.0.post1.dev3-PY3-None-ANY.whl", "a", "1!2.0.post1.dev3", ["py3-none-any"]),
      ("a_._b-1-py3.py3-none-any.whl", "a-b", "1", ["py3-none-any"]),
    ] as [(String, String, String, [String])])
  func names(text: String, distribution: String, version: String, tags: [String]) throws {
    let name = try WheelName(parsing: text)
    #expect(name.normalizedDistribution == distribution && name.version == version && name.build == nil)
    #expect(name.tags.map(\.description) == tags && name.description == text)
  }

  @Test(arguments: [
    "", ".whl", "a-1-py3-none-any.zip", "a-1-py3-none-any.WHL", "a-1-py3-none.whl", "a-1-2-3-py3-none-any.whl",
    "-1-py3-none-any.whl", "a--py3-none-any.whl", "a-1--py3-none-any.whl", "a-1-x1-py3-none-any.whl",
    "a-1-1/2-py3-none-any.whl", "a-1-py3--any.whl", "a-1-py3-none-.whl", "a-1-py3..py2-none-any.whl",
    "a-1-py3-none-any .whl", "../a-1-py3-none-any.whl", "a/b-1-py3-none-any.whl", "a-1/2-py3-none-any.whl",
    "a-1-py3-none-a/b.whl", "_a-1-py3-none-any.whl", "a_-1-py3-none-any.whl", "é-1-py3-none-any.whl",
    "a-é-py3-none-any.whl", "a-1-py3-none-é.whl", "a-1\u{0}-py3-none-any.whl", "a-1-\u{664}-py3-none-any.whl",
    "A.-_b-1-py3-none-any.whl", String(repeating: "a", count: 250) + "-1-py3-none-any.whl",
  ])
  func refused(text: String) {
    let error = failure { _ = try WheelName(parsing: text) }
    #expect(error?.code == .malformed && error?.hint != nil)
  }

  /// A tie between wheels is decided by the build number, then by the build text.
  @Test func buildTags() throws {
    let order = ["1", "01a", "1b", "2", "10", "99999999999999999999999", "100000000000000000000000"]
    let builds = try order.map { try #require(try WheelName(parsing: "a-1-\($0)-py3-none-any.whl").build) }
    for (index, build) in builds.enumerated() {
      for other in builds[(index + 1)...] { #expect(build < other && !(other < build)) }
    }
  }

  /// Spellings of the same version: the metadata may spell it differently than the file name.
  @Test(arguments: [
    ("1.0", "1.0"), ("1.0", "1.0.0"), ("1", "v1.0"), ("1.0rc1", "1.0-RC.1"), ("1.0rc1", "1.0c1"), ("1.0a0", "1.0alpha"),
    ("1.0b2", "1.0_beta_2"), ("1.0rc3", "1.0.pre3"), ("1.0rc3", "1.0preview3"), ("1.0.post2", "1.0-2"),
    ("1.0.post2", "1.0rev2"), ("1.0.post0", "1.0.post"), ("1.0.dev4", "1.0DEV4"), ("0!1.0", "1.0"),
    ("1.0+local.7", "1.0+LOCAL_07"), ("1!1.0rc1.post2.dev3+a.1", "1!1.0.0c1-2.dev3+a-1"), ("1odd_", "1odd_"),
    ("00010.01", "10.1"),
  ])
  func sameVersion(text: String, other: String) {
    #expect(throws: Never.self) { try HandMadeWheel.versioned(text, directory: other).opened() }
    #expect(throws: Never.self) { try HandMadeWheel.versioned(text, metadata: other).opened() }
  }

  @Test(arguments: [
    ("1.0", "1.1"), ("1.0", "1.0.1"), ("1.0", "1.0rc1"), ("1.0", "1!1.0"), ("1.0", "1.0+a"), ("1.0+0a", "1.0+a"),
    ("1.0.post1", "1.0.dev1"), ("1.0a1", "1.0b1"), ("1.0", "10"), ("1.0", ""), ("1.0", "1.0x"), ("1odd_", "1odd"),
  ])
  func otherVersion(text: String, other: String) {
    #expect(failure { _ = try HandMadeWheel.versioned(text, directory: other).opened() }?.code == .malformed)
    #expect(failure { _ = try HandMadeWheel.versioned(text, metadata: other).opened() }?.code == .malformed)
  }
}

extension HandMadeWheel {
  fileprivate static func versioned(_ version: String, directory: String? = nil, metadata: String? = nil)
    -> HandMadeWheel
  {
    HandMadeWheel([], fileName: "handmade-\(version)-py3-none-any.whl", stem: "handmade-\(directory ?? version)")
      .with("METADATA", "Name: handmade\nVersion: \(metadata ?? version)\n")
  }
}
