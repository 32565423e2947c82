public import OpzIO
public import SystemPackage

/// A CPython that can be run: a program of this machine, or the one in the files of a base.
public protocol RunnablePython: Sendable {
  /// Where it is, for messages.
  var place: String { get }

  /// Runs it with nothing but these variables, and waits for its end. It blocks.
  /// - Parameters:
  ///   - arguments: those behind its own name.
  ///   - limit: how many bytes of its output are kept.
  func run(
    _ arguments: [String], input: [UInt8], variables: [String], limit: Int
  ) throws -> ChildProcess.Output
}

/// A Python of this machine.
public struct PythonProgram: RunnablePython, Hashable {
  public let program: FilePath

  /// Names a program, which is not run before it is asked for something.
  public init(_ program: FilePath) { self.program = program }

  public var place: String { program.string }

  /// Runs it; PATH is that of a plain system.
  public func run(
    _ arguments: [String], input: [UInt8], variables: [String], limit: Int
  ) throws -> ChildProcess.Output {
    try ChildProcess.run(
      [program.string] + arguments, input: input, environment: variables + ["PATH=/usr/bin:/bin"], directory: "/",
      limit: limit)
  }
}
