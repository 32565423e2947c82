import OpzIO
import OpzJSON
import OpzTestKit
import SystemPackage
import Testing

@Suite("opz version and opz doctor of this machine")
struct InstallationTests {
  let opz: Command

  init() throws { opz = try Command() }

  /// Runs a copy of the program, which is installed as PREFIX/bin/opz.
  private func installed(_ prefix: FilePath, _ arguments: String...) throws -> ChildProcess.Output {
    let program = prefix.appending("bin").appending("opz")
    if try FileStatus.find(program) == nil {
      try Durable.makeDirectory(program.removingLastComponent())
      let copied = try ChildProcess.run(["cp", "--reflink=auto", try BuiltPrograms.opz().string, program.string])
      try #require(copied.status == 0, "\(copied.errorText)")
    }
    return try ChildProcess.run(
      [program.string] + arguments, environment: opz.environment.map { "\($0.key)=\($0.value)" },
      directory: opz.directory.path)
  }

  /// The path of each library that the program has loaded, by name.
  private func libraries(_ output: ChildProcess.Output) throws -> [String: String?] {
    struct Library: Decodable { let name: String, path: String?, version: String? }
    struct Answer: Decodable { let version: String, program: String, libraries: [Library] }
    let answer = try CanonicalJSON.decode(Answer.self, from: output.output, subject: "output")
    #expect(output.status == 0 && answer.version.hasPrefix("0.") && answer.program.hasPrefix("/"))
    for library in answer.libraries { #expect(library.version?.isEmpty == false, "\(library.name)") }
    return Dictionary(uniqueKeysWithValues: answer.libraries.map { ($0.name, $0.path) })
  }

  @Test("each library has a version, and the file that it was loaded from")
  func version() throws {
    #expect(try opz("version").text == opz("--version").text)
    let found = try libraries(opz("version", "--json"))
    #expect(
      Set(found.keys) == [
        "libarchive", "libcrypto", "libcurl", "libdeflate", "libyaml", "libzstd", "SQLite", "zlib",
      ])
    for name in ["libcurl", "libarchive", "SQLite"] {
      let path = try #require(found[name] ?? nil)
      #expect(try FileStatus.of(FilePath(path)).kind == .file)
    }
  }

  @Test("a library that came with the program goes before the system's; one that is damaged is named")
  func beside() throws {
    let prefix = opz.directory.path.appending("prefix")
    let system = try #require(try libraries(installed(prefix, "version", "--json"))["libarchive"] ?? nil)
    let own = prefix.appending("lib").appending("opz").appending("libarchive.so.13")
    try Durable.makeDirectory(own.removingLastComponent())
    try Durable.replace(own, with: try FileBlob(FilePath(system)).bytes())
    let found = try libraries(installed(prefix, "version", "--json"))
    #expect(found["libarchive"] == RealPath.of(own)?.string)
    #expect(found["libcurl"] != nil)

    try Durable.replace(own, with: Array("no library".utf8))
    let doctor = try installed(prefix, "doctor")
    #expect(doctor.status == 1)
    let line = doctor.text.split(separator: "\n").first { $0.hasPrefix("fail") }
    #expect(line?.split(separator: " ").dropFirst().first == "libarchive", "\(doctor.text)")
    #expect(doctor.text.contains(own.string))
    #expect(doctor.text.contains("apt-get install libarchive13"))
  }

  @Test("the doctor says what is there, and leaves nothing behind")
  func healthy() throws {
    let result = try opz("doctor")
    #expect(result.status == 0, "\(result.text)\(result.errorText)")
    for text in ["ok       program", "ok       libcurl", "ok       certificates", "does not exist yet and can be made"]
    {
      #expect(result.text.contains(text), "\(text) in \(result.text)")
    }
    #expect(try FileStatus.find(opz.directory.path.appending("registry")) == nil)
    #expect(try opz("package", "p", "--quiet").status == 0)
    #expect(try opz("doctor").text.contains("is writable"))
    #expect(Set(try opz.json("doctor").keys) == ["findings", "format", "installation"])
  }

  @Test(
    "what is in the way is said, with what to do",
    arguments: [
      ("echo no registry > registry", "registry"),
      ("mkdir registry && echo mine > registry/notes.txt", "not empty"),
      ("export OPZ_REGISTRY='~/x'", "full path"),
    ])
  func registry(script: String, text: String) throws {
    let result = try ChildProcess.run(
      ["/bin/bash", "-c", "\(script); exec '\(try BuiltPrograms.opz())' doctor"],
      environment: opz.environment.map { "\($0.key)=\($0.value)" }, directory: opz.directory.path)
    #expect(result.status == 1, "\(result.text)")
    let line = result.text.split(separator: "\n").first { $0.hasPrefix("fail") } ?? ""
    #expect(line.contains("registry") && line.contains(text), "\(result.text)")
  }

  @Test("options of a container registry need one", arguments: ["--deep", "--insecure"])
  func options(option: String) throws {
    let result = try opz("doctor", option)
    #expect(result.status == 64)
    #expect(result.errorText.contains("opz doctor HOST/REPO"))
  }
}
