import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzTrust

@Suite("Which names a pickle may import")
struct PickleNamesTests {
  static func oracle(_ script: String, _ arguments: [String] = [], lines: [[UInt8]] = []) throws -> [Substring] {
    let path = PackageRoot.path(#filePath).appending("Tests/OpzTrustTests/Fixtures/Oracles/\(script).py")
    let input = lines.map { Hex.encode($0) + "\n" }.joined()
    let result = try Python.run([path.string] + arguments, input: Array(input.utf8))
    try #require(result.status == 0, "\(result.errorText)")
    return result.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
  }

  @Test("the allowlist has every estimator of the installed libraries, and only names that they define themselves")
  func libraries() throws {
    let allowlist = PickleAllowlist()
    var allowed = 0
    for line in try PickleNamesTests.oracle("libraries") {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      try #require(parts.count == 4)
      let isAllowed = allowlist.allows(PickleGlobal(module: parts[0], name: parts[1]))
      if parts[3] == "estimator" { #expect(isAllowed, "\(line)") }
      guard isAllowed else { continue }
      allowed += 1
      let (home, owner) = (parts[0].prefix { $0 != "." }, parts[2].prefix { $0 != "." })
      // SciPy's conversion to arrays is NumPy's function under SciPy's name.
      #expect(parts[3] != "module" && (owner == home || (home == "scipy" && owner == "numpy")), "\(line)")
    }
    #expect(allowed > 500)
  }

  @Test(
    "neither a module of Python's standard library nor a package installer can be allowed",
    arguments: [
      "os.*", "posix.system", "nt.system", "subprocess.*", "_io.open", "importlib.util.find_spec", "asyncio.*",
      "pty.spawn", "code.*", "test.support.*",
      "lib2to3.pgen2.*", "commands.getoutput", "__builtin__.eval", "cPickle.loads", "_posixsubprocess.*", "ensurepip.*",
      "pip.main", "pkg_resources.*",
      "setuptools.*", "encodings.*", "collections.abc.*", "zoneinfo.ZoneInfo", "nturl2path.os", "annotationlib.*",
      "_pyrepl.*", "SocketServer.*",
    ])
  func standard(_ pattern: String) {
    #expect(throws: TrustError.self) { try PickleAllowlist.check(pattern) }
  }

  @Test("an allowed name allows exactly that, and no standard library module through it")
  func extra() throws {
    try PickleAllowlist.check("mine.features.*")
    try PickleAllowlist.check("mine.Encoder")
    let allowlist = PickleAllowlist(["mine.features.*", "os.*"])
    #expect(allowlist.allows(PickleGlobal(module: "mine.features", name: "Encoder")))
    #expect(allowlist.allows(PickleGlobal(module: "mine.features.text", name: "Encoder")))
    #expect(!allowlist.allows(PickleGlobal(module: "mine.features", name: "os.system")))
    #expect(!allowlist.allows(PickleGlobal(module: "os", name: "system")))
    #expect(!allowlist.allows(PickleGlobal(module: "mine.featuresque", name: "Encoder")))
  }

  @Test(
    "a name that a library's module only imported is not allowed",
    arguments: [
      "sklearn.base.ABCMeta", "sklearn.utils.metaestimators.MethodType", "sklearn.tree._classes.Integral",
      "sklearn.ensemble._forest.Parallel",
      "sklearn.tree._classes.os", "xgboost.sklearn.XGBoostError2", "pandas.core.frame.StringIO", "sklearn.utils.Memory",
      "sklearn.utils.parallel.Parallel",
      "sklearn.tree.__pyx_unpickle_Enum", "sklearn.datasets.Bunch", "numpy.load", "pandas.read_pickle", "torch.load",
      "torch.nn.modules.module.os",
    ])
  func imported(_ path: String) {
    let parts = path.split(separator: ".")
    let global = PickleGlobal(module: parts.dropLast().joined(separator: "."), name: String(parts.last!))
    #expect(!PickleAllowlist().allows(global))
  }
}
