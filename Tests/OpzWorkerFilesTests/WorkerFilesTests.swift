import OpzIO
import OpzTestKit
import OpzWorkerFiles
import SystemPackage
import Testing

@Suite("The files of workers")
struct WorkerFilesTests {
  private let files = PackageRoot.path(#filePath).appending("Sources/OpzWorkerFiles/Files")

  @Test("every file is listed, with the bytes that the directory has")
  func complete() throws {
    let python = try Directory.entries(files.appending("opz_worker")).map(\.string)
      .filter { $0.hasSuffix(".py") }.map { "opz_worker/\($0)" }
    #expect(WorkerFiles.python.map(\.path).sorted() == python.sorted())
    #expect(WorkerFiles.r.map(\.path) == ["worker.R"])
    for file in WorkerFiles.python + WorkerFiles.r {
      #expect(try FileBlob(files.appending(file.path)).bytes() == file.bytes, "\(file.path)")
    }
  }

  @Test("modules of the Python worker import nothing but the standard library at their top")
  func standardLibrary() throws {
    let check = """
      import ast, pathlib, sys
      for path in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
          for node in ast.parse(path.read_text(), str(path), feature_version=(3, 9)).body:
              names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
              names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
              for name in names:
                  assert name.partition(".")[0] in sys.stdlib_module_names, f"{path.name} imports {name}"
      """
    let run = try ChildProcess.run(["python3", "-c", check, files.appending("opz_worker").string])
    #expect(run.status == 0, "\(run.errorText)")
  }
}
