import OpzArchive
public import SystemPackage

/// Compiles the modules of wheels with exactly the version of CPython that a base has, so that a container whose files
/// it cannot write does not compile them again at each start.
///
/// The `.pyc` files are of the kind whose source is never compared (PEP 552, unchecked hash), and depend on the wheel,
/// the version and the directory alone: each wheel is compiled by one process, in the order of names.
public struct BytecodeCompiler: Sendable {
  private let python: any RunnablePython
  /// `3.11.7`
  public let version: String

  /// Incremented when the compiled files of the same wheel change.
  public static let format = 1
  /// Sources larger than this are left out, in bytes.
  private static let largestSource: UInt64 = 16 << 20
  /// The most bytes of a wheel's compiled modules.
  private static let largestOutput = 1 << 30

  /// Verifies an interpreter by running it. It blocks.
  /// - Returns: the path by which it names itself.
  /// - Throws: `PythonError` for a program that is not CPython of this version, or does not start.
  public static func check(_ python: any RunnablePython, version: String) throws -> FilePath {
    let script = """
      import sys, sysconfig
      free = sysconfig.get_config_var("Py_GIL_DISABLED")
      print(sys.implementation.name, sys.version.split()[0], bool(free), sys.executable, sep="\\n")
      """
    func failure(_ reason: String) -> PythonError { PythonError(.tool, python.place, reason: reason) }
    let result = try python.run(["-S", "-s", "-c", script], input: [], variables: variables, limit: 1 << 16)
    guard result.status == 0 else {
      let last = result.errorText.split(separator: "\n").last.map { ": \($0.prefix(200))" } ?? ""
      throw failure("it ends with \(result.status)\(last)")
    }
    let lines = result.text.split(separator: "\n").map { String($0.prefix(4096)) }
    guard lines.count == 4, lines[0] == "cpython", lines[3].hasPrefix("/") else { throw failure("it is no CPython") }
    guard lines[1] == version else { throw failure("it is Python \(lines[1].prefix(40))") }
    guard lines[2] == "False" else { throw failure("it is a free-threaded Python") }
    return FilePath(lines[3])
  }

  /// Takes an interpreter that was verified before.
  public init(_ python: any RunnablePython, version: String) {
    self.python = python
    self.version = version
  }

  /// The variables of the process. Those of the user could change what is compiled.
  private static let variables = ["PYTHONHASHSEED=0", "PYTHONDONTWRITEBYTECODE=1", "LC_ALL=C.UTF-8"]

  /// Compiles the modules of a wheel that are installed into a library directory. It blocks.
  /// - Parameter library: the directory in the image, without a leading slash.
  /// - Returns: a zip file with the compiled files by their paths below the library.
  /// - Throws: `PythonError` if the interpreter fails; modules that are not Python of this version are left out.
  public func compile(_ wheel: Wheel, library: FilePath) throws -> [UInt8] {
    var input: [UInt8] = []
    for file in wheel.modules where file.entry.size <= BytecodeCompiler.largestSource {
      let source = try file.content(of: wheel.archive, wheel: wheel.name).bytes()
      input += Array("\(file.entry.path.count) \(source.count)\n".utf8) + file.entry.path + source
    }
    let result = try python.run(
      ["-S", "-s", "-c", BytecodeCompiler.script, "/\(library)"], input: input, variables: BytecodeCompiler.variables,
      limit: BytecodeCompiler.largestOutput)
    guard result.status == 0, result.output.count < BytecodeCompiler.largestOutput else {
      let end = result.errorText.split(separator: "\n").suffix(3).joined(separator: "; ")
      throw PythonError(
        .tool, "wheel \(wheel.name)", reason: "\(python.place) could not compile its modules: \(end.prefix(500))",
        hint: "write bytecode: false below runtime in opz.yaml to leave compiled modules out")
    }
    return result.output
  }

  /// Objects are held while they are written, because marshal marks those that have more than one reference.
  private static let script = """
    import importlib.util, io, marshal, struct, sys, warnings, zipfile

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
    library, = sys.argv[1:]
    output = io.BytesIO()
    given = sys.stdin.buffer
    modules = []
    while line := given.readline():
        length, size = map(int, line.split())
        modules.append((given.read(length).decode("utf-8", "surrogateescape"), given.read(size)))
    with zipfile.ZipFile(output, "w") as made:
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
    sys.stdout.buffer.write(output.getbuffer())
    """
}
