public import OpzIO
public import SystemPackage

/// The Python of the tests' oracles, with the PyPI packages of `scripts/test-python.txt`.
public enum Python {
  /// `OPZ_TEST_PYTHON`, or the environment made by `scripts/test`.
  public static func interpreter(_ file: String = #filePath) -> FilePath {
    if let named = ProcessEnvironment.value("OPZ_TEST_PYTHON") { return FilePath(named) }
    return PackageRoot.path(file).appending(".build/test-python/bin/python")
  }

  /// Runs a script. It blocks.
  /// - Throws: `MissingProgram` if there is no such Python.
  public static func run(_ arguments: [String], input: [UInt8] = [], directory: FilePath? = nil) throws
    -> ChildProcess.Output
  {
    let interpreter = interpreter()
    guard (try? FileStatus.of(interpreter)) != nil else { throw MissingProgram("Python at \(interpreter)") }
    return try ChildProcess.run([interpreter.string] + arguments, input: input, directory: directory)
  }
}

/// A program that a test needs is missing. A test that cannot run has failed.
public struct MissingProgram: Error, CustomStringConvertible {
  public let description: String

  /// Creates an error that names the missing program.
  public init(_ what: String) { description = "\(what) is missing; run scripts/test, which installs it" }
}
