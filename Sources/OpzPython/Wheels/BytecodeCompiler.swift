import OpzArchive
import OpzIO
public import SystemPackage

/// Compiles the modules of wheels with exactly the version of CPython that a base has, so that a container whose files
/// it cannot write does not compile them again at each start.
///
/// The `.pyc` files are of the kind whose source is never compared (PEP 552, unchecked hash), and depend on the wheel,
/// the version and the directory alone: each wheel is compiled by one process, in the order of names.
public struct BytecodeCompiler: Sendable, Hashable {
  /// The interpreter.
  public let program: FilePath
  /// `3.11.7`
  public let version: String

  /// Incremented when the compiled files of the same wheel change.
  public static let format = 1
  /// Sources larger than this are left out, in bytes.
  private static let largestSource: UInt64 = 16 << 20

  /// Verifies an interpreter by running it. It blocks.
  /// - Returns: nil for a program that is not CPython of this version, or cannot be run.
  public static func check(_ program: FilePath, version: String) -> BytecodeCompiler? {
    let script = """
      import sys, sysconfig
      free = sysconfig.get_config_var("Py_GIL_DISABLED")
      print(sys.implementation.name, sys.version.split()[0], bool(free), sys.executable, sep="\\n")
      """
    guard let result = try? ChildProcess.run([program.string, "-S", "-s", "-c", script], environment: environment),
      result.status == 0
    else { return nil }
    let lines = result.text.split(separator: "\n").map(String.init)
    guard lines.count == 4, lines[0] == "cpython", lines[1] == version, lines[2] == "False", lines[3].hasPrefix("/")
    else { return nil }
    return BytecodeCompiler(program: FilePath(lines[3]), version: version)
  }

  /// Names an interpreter that was verified before.
  public init(program: FilePath, version: String) {
    self.program = program
    self.version = version
  }

  /// The variables of the process. Those of the user could change what is compiled.
  private static var environment: [String] {
    ["PYTHONHASHSEED=0", "PYTHONDONTWRITEBYTECODE=1", "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"]
  }

  /// Compiles the modules of a wheel that are installed into a library directory. It blocks.
  /// - Parameters:
  ///   - library: the directory in the image, without a leading slash.
  ///   - output: a zip file with the compiled files by their paths below the library. It must not exist.
  /// - Throws: `PythonError` if the interpreter fails; modules that are not Python of this version are left out.
  public func compile(_ wheel: Wheel, library: FilePath, to output: FilePath) throws {
    var input: [UInt8] = []
    for file in wheel.modules where file.entry.size <= BytecodeCompiler.largestSource {
      let source = try file.content(of: wheel.archive, wheel: wheel.name).bytes()
      input += Array("\(file.entry.path.count) \(source.count)\n".utf8) + file.entry.path + source
    }
    let result = try ChildProcess.run(
      [program.string, "-S", "-s", "-c", BytecodeCompiler.script, output.string, "/\(library)"], input: input,
      environment: BytecodeCompiler.environment, directory: "/")
    guard result.status == 0 else {
      let end = result.errorText.split(separator: "\n").suffix(3).joined(separator: "; ")
      throw PythonError(
        .tool, "wheel \(wheel.name)", reason: "\(program) could not compile its modules: \(end.prefix(500))",
        hint: "write bytecode: false below runtime in opz.yaml to leave compiled modules out")
    }
  }

  /// Objects are held while they are written, because marshal marks those that have more than one reference.
  private static let script = """
    import importlib.util, marshal, struct, sys, warnings, zipfile

    def hold(code, kept):
        kept += [code, code.co_name, code.co_filename, code.co_names, code.co_consts]
        kept += [*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars]
        for name in ("co_qualname", "co_linetable", "co_exceptiontable"):
            if hasattr(code, name):
                kept.append(getattr(code, name))
        waiting = list(code.co_consts)
        while waiting:
            value = waiting.pop()
            kept.append(value)
            if isinstance(value, (tuple, frozenset)):
                waiting += value
            elif isinstance(value, type(code)):
                hold(value, kept)

    warnings.simplefilter("ignore")
    output, library = sys.argv[1:]
    given = sys.stdin.buffer
    modules = []
    while line := given.readline():
        length, size = map(int, line.split())
        modules.append((given.read(length).decode("utf-8", "surrogateescape"), given.read(size)))
    with zipfile.ZipFile(output, "x") as made:
        for name, source in sorted(modules):
            try:
                code = compile(source, f"{library}/{name}", "exec", dont_inherit=True, optimize=0)
                place = importlib.util.cache_from_source(name, optimization="")
            except Exception:
                continue
            kept = []
            hold(code, kept)
            head = importlib.util.MAGIC_NUMBER + struct.pack("<I", 1) + importlib.util.source_hash(source)
            made.writestr(zipfile.ZipInfo(place), head + marshal.dumps(code))
    """
}
