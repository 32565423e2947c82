import Glibc
import OpzIO
import OpzTestKit
import OpzYAML
import SystemPackage
import Testing

@testable import OpzProject

@Suite("The file opz.yaml, and the files that it names")
struct ConfigFileTests {
  private func write(_ name: String, in directory: FilePath, _ bytes: [UInt8] = []) throws {
    let file = try OpenFile.creating(directory.appending(name))
    try file.write(bytes)
  }

  private func error(reading path: FilePath) -> ConfigError? {
    #expect(throws: ConfigError.self) { try ConfigReader.read(path) }
  }

  @Test func aMissingFileSaysWhatWritesOne() throws {
    let temporary = try TemporaryDirectory()
    let path = temporary.path.appending("opz.yaml")
    let missing = error(reading: path)
    #expect(missing?.category == .notFound)
    #expect(missing?.description == "\(path): no such file\n\nhint: opz init \(temporary.path) writes one")
    #expect(error(reading: "opz.yaml")?.hint == "opz init . writes one")
  }

  @Test func whatIsNoTextFileIsRefused() throws {
    let temporary = try TemporaryDirectory()
    let directory = temporary.path
    #expect(error(reading: directory)?.reason == "not a regular file")
    try #require(mkfifo(directory.appending("pipe").string, 0o600) == 0)
    #expect(error(reading: directory.appending("pipe"))?.reason == "not a regular file")
    try write("utf16", in: directory, [0xFF, 0xFE, 0x6F, 0, 0x70, 0, 0x7A, 0])
    #expect(error(reading: directory.appending("utf16"))?.reason == "the text is not UTF-8")
    try write("latin1", in: directory, Array("opz: 1 # f".utf8) + [0xFC])
    #expect(error(reading: directory.appending("latin1"))?.reason == "the text is not UTF-8")
    try write("large", in: directory, [UInt8](repeating: 35, count: (256 << 10) + 1))
    #expect(error(reading: directory.appending("large"))?.reason == "262145 bytes are too many for opz.yaml")
  }

  @Test func errorsCarryTheFilesName() throws {
    let temporary = try TemporaryDirectory()
    try write("other.yaml", in: temporary.path, Array("opz: 1\nname: a\nmodel: {path: x}\nfoo: 1".utf8))
    #expect(error(reading: temporary.path.appending("other.yaml"))?.subject == "other.yaml:4: foo")
  }

  @Test func eachMissingFileIsNamedWithLineAndKey() throws {
    let temporary = try TemporaryDirectory()
    let directory = temporary.path
    try Durable.makeDirectory(directory.appending("lib"))
    for name in ["model.json", "predict.py", "metrics.json"] { try write(name, in: directory) }
    try write("train.csv", in: directory.appending("lib"))
    let config = try ConfigReader.read(
      """
      opz: 1
      name: churn
      model:
        path: modle.json
      code: [predict.py, lib/, none.py]
      lineage:
        data:
          - lib/train.csv
          - lib/trian.csv
        metrics: lib
      """, overrides: ["config=[c.json]"])
    let error = #expect(throws: ConfigError.self) { try config.checkFiles(in: directory) }
    #expect(
      error?.description == """
        opz.yaml:4: model.path: modle.json does not exist (did you mean model.json?)
        opz.yaml:5: code.2: none.py does not exist
        --set: config.0: c.json does not exist
        opz.yaml:9: lineage.data.1: lib/trian.csv does not exist (did you mean lib/train.csv?)
        opz.yaml:10: lineage.metrics: lib is a directory
        """)
    #expect(error?.category == .failed)
  }

  @Test func onlyMissingFilesAreNotFound() throws {
    let temporary = try TemporaryDirectory()
    let config = try ConfigReader.read(ConfigReaderTests.minimal + "lineage: {metrics: model.json/x}\n")
    let error = #expect(throws: ConfigError.self) { try config.checkFiles(in: temporary.path) }
    #expect(error?.category == .notFound)
    #expect(error?.problems.map(\.key) == ["model.path", "lineage.metrics"])
  }

  @Test func aDanglingLinkDoesNotExistAndAPipeIsNoFile() throws {
    let temporary = try TemporaryDirectory()
    let directory = temporary.path
    try #require(symlink("nowhere", directory.appending("model.json").string) == 0)
    try #require(mkfifo(directory.appending("pipe").string, 0o600) == 0)
    let config = try ConfigReader.read(ConfigReaderTests.minimal + "code: [pipe]\n")
    let error = #expect(throws: ConfigError.self) { try config.checkFiles(in: directory) }
    #expect(
      error?.problems.map(\.reason) == ["model.json does not exist", "pipe is neither a file nor a directory"])
  }

  @Test func theExampleIsRight() throws {
    let example = ConfigSchemaTests.root.appending("examples/churn")
    try ConfigReader.read(example.appending("opz.yaml")).checkFiles(in: example)
  }
}
