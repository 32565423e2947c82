import OpzArchive
import OpzFlow
import OpzIO
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore
import OpzTestKit
import OpzTrust
import Synchronization
import SystemPackage
import Testing

/// An R project on a base with the files of a Debian, and an archive of small packages beside it.
private struct RPackagesProject {
  var project: Project
  /// What was noted.
  let notes = Notes()

  final class Notes: ProgressSink {
    private let texts = Mutex<[String]>([])
    var all: [String] { texts.withLock { $0 } }
    func report(_ event: ProgressEvent) {
      if case .note(let text) = event { texts.withLock { $0.append(text) } }
    }
  }

  static let status = """
    Package: r-base-core
    Status: install ok installed
    Version: 4.2.2-2
    Architecture: amd64
    Provides: r-api-4.0

    Package: libc6
    Status: install ok installed
    Version: 2.36-9
    Architecture: amd64

    """

  /// - Parameter files: more of the base's, or others in place of its own; an empty text leaves one out.
  init(base files: [String: String] = [:]) async throws {
    project = try Project()
    project.session.progress = notes
    var base = [
      "var/lib/dpkg/status": RPackagesProject.status, "etc/os-release": "NAME=x\nID=debian\n",
      "usr/lib/R/bin/exec/R": "R", "usr/bin/Rscript": "Rscript", "usr/lib/x86_64-linux-gnu/libc.so.6": "libc",
      "etc/apt/sources.list": "deb http://deb.invalid/debian bookworm main\n",
    ]
    base.merge(files) { $1 }
    try project.directory.write(
      "b/opz.yaml",
      "opz: 1\nname: base\nmodel: {path: m}\nruntime: {kind: custom, base: scratch, command: [Rscript], init: false}\nfiles: [{path: root, to: /}]\n"
    )
    try project.directory.write("b/m", "m")
    for (path, text) in base where !text.isEmpty { try project.directory.write("b/root/\(path)", text) }
    var request = PackageRequest(project: project.directory.path.appending("b"))
    request.outputs = ["oci:base:1"]
    _ = try await PackageProject(request, in: project.session).run()
    try project.directory.write("p/model.rds", "model")
    try project.directory.write("p/run.R", "1\n")
    try configure("[rpart]")
    try archive()
  }

  var debs: FilePath { project.directory.path.appending("debs") }

  func configure(_ packages: String, workers: Bool = false, archive: String? = nil) throws {
    let command = workers ? "" : ", command: [Rscript, /app/run.R], init: false"
    try project.directory.write(
      "p/opz.yaml",
      """
      opz: 1
      name: trees
      model: {path: model.rds}
      runtime: {kind: r, base: "oci:../base:1", packages: \(packages), archive: "\(archive ?? "deb [trusted=yes] file:\(debs) ./")"\(command)}
      code: [run.R]

      """)
  }

  static func package(_ name: String, _ version: String, fields: String...) -> MadeUpDeb {
    MadeUpDeb(
      name, version, fields: fields + ["Installed-Size: 7"],
      files: [
        RawTar.Entry("./usr/lib/R/site-library/\(name)/", "5").with { $0.mode = "0000755" },
        RawTar.Entry("./usr/lib/R/site-library/\(name)/DESCRIPTION", content: "Package: \(name) \(version)\n"),
      ])
  }

  func archive(_ more: [MadeUpDeb] = []) throws {
    try MadeUpDeb.write(
      [
        RPackagesProject.package(
          "r-cran-rpart", "4.1-1", fields: "Depends: r-base-core (>= 4.0), r-api-4.0, libhelp (>= 1)"),
        RPackagesProject.package("libhelp", "1-1", fields: "Depends: libc6"),
        RPackagesProject.package("r-cran-jsonlite", "1.8-1", fields: "Depends: r-api-4.0"),
        RPackagesProject.package("r-cran-new", "1-1", fields: "Depends: libc6 (>= 2.38)"),
      ] + more, to: debs)
  }

  func lock(_ update: LockProject.Update = .needed) async throws {
    _ = try await LockProject(project.path, update: update, in: project.session).run()
  }

  func check() async throws { try await LockProject(project.path, in: project.session).check() }

  /// `NAME VERSION`, as the lock has them.
  func locked() throws -> [String] {
    let text = String(decoding: try FileBlob(project.path.appending("debian.lock")).bytes(), as: UTF8.self)
    let lines = text.split(separator: "\n")
    func values(_ field: String) -> [Substring] {
      lines.filter { $0.hasPrefix("\(field): ") }.map { $0.dropFirst(field.count + 2) }
    }
    return zip(values("Package"), values("Version")).map { "\($0) \($1)" }
  }
}

@Suite("R packages of Debian")
struct RPackagesTests {
  @Test("are locked with what they need, laid as layers, and listed in the bill of materials")
  func walk() async throws {
    let made = try await RPackagesProject()
    try await made.lock()
    #expect(try made.locked() == ["libhelp 1-1", "r-cran-rpart 4.1-1"])
    try await made.check()
    let plan = try await PlanProject(PackageRequest(project: made.project.path), in: made.project.session).run()
    #expect(plan.layers.contains { $0.role == "environment" && $0.state == .built })
    let version = try await made.project.package().version
    #expect(version.record.packages?.map(\.name) == ["libhelp", "r-cran-rpart"])
    #expect(version.record.packages?.allSatisfy { $0.unpacked == 7 * 1024 && $0.distribution == "debian" } == true)

    let registry = try made.project.registry()
    let own = version.record.layers.filter { $0.role == "environment" }
    let stack = LayerStack(
      try own.map { try StoredLayer($0.descriptor, try registry.store.file($0.descriptor), diffID: $0.diffID) })
    let description = try stack.bytes("usr/lib/R/site-library/r-cran-rpart/DESCRIPTION")
    #expect(String(decoding: description, as: UTF8.self) == "Package: r-cran-rpart 4.1-1\n")
    #expect(
      String(decoding: try stack.bytes("var/lib/dpkg/status.d/libhelp"), as: UTF8.self).contains("Version: 1-1\n"))

    let bill = String(decoding: try ModelBOM(version.record, files: [], family: nil).encode(), as: UTF8.self)
    #expect(bill.contains("\"pkg:deb/debian/r-cran-rpart@4.1-1?arch=all\""))
    // The layers are the same in any registry.
    let other = try await RPackagesProject()
    try await other.lock()
    let again = try await other.project.package().version
    #expect(again.record.layers.filter { $0.role == "environment" }.map(\.diffID) == own.map(\.diffID))
  }

  @Test("keep their versions until they are to be updated")
  func update() async throws {
    let made = try await RPackagesProject()
    try await made.lock()
    let newer = [
      RPackagesProject.package("r-cran-rpart", "4.2-1", fields: "Depends: libhelp"),
      RPackagesProject.package("libhelp", "2-1"),
    ]
    try made.archive(newer)
    try await made.lock()
    #expect(try made.locked() == ["libhelp 1-1", "r-cran-rpart 4.1-1"])
    try made.configure("[rpart, jsonlite]")
    await #expect(throws: FlowError.self) { try await made.check() }
    let error = await #expect(throws: FlowError.self) { _ = try await made.project.package() }
    #expect(error?.category == .conflict && error?.hint?.contains("opz lock") == true)
    try await made.lock()
    #expect(try made.locked() == ["libhelp 1-1", "r-cran-jsonlite 1.8-1", "r-cran-rpart 4.1-1"])
    try await made.lock(.packages(["rpart"]))
    #expect(try made.locked() == ["libhelp 1-1", "r-cran-jsonlite 1.8-1", "r-cran-rpart 4.2-1"])
    try await made.lock(.all)
    #expect(try made.locked() == ["libhelp 2-1", "r-cran-jsonlite 1.8-1", "r-cran-rpart 4.2-1"])
    await #expect(throws: FlowError.self) { try await made.lock(.packages(["ranger"])) }
    // A lock that somebody has changed is not the one that was chosen.
    let text = String(decoding: try FileBlob(made.project.path.appending("debian.lock")).bytes(), as: UTF8.self)
    try made.project.directory.write("p/debian.lock", text.replacing("Version: 2-1", with: "Version: 1-1"))
    await #expect(throws: FlowError.self) { try await made.check() }
  }

  @Test("are those of renv.lock too, and the worker's own; what the base has is not added")
  func renv() async throws {
    let made = try await RPackagesProject(base: ["usr/lib/R/library/lattice/DESCRIPTION": "Package: lattice\n"])
    try made.project.directory.write(
      "p/renv.lock",
      #"{"R": {"Version": "4.2.2"}, "Packages": {"rpart": {"Package": "rpart", "Version": "4.1-19"}, "renv": {"Version": "1.0"}, "stats": {"Version": "4"}}}"#
    )
    try made.configure("[lattice]", workers: true)
    try await made.lock()
    #expect(try made.locked() == ["libhelp 1-1", "r-cran-jsonlite 1.8-1", "r-cran-rpart 4.1-1"])
    #expect(made.notes.all.contains { $0.contains("rpart 4.1-19, Debian 4.1-1") }, "\(made.notes.all)")
    try made.project.directory.write("p/renv.lock", #"{"Packages": {}}"#)
    await #expect(throws: FlowError.self) { try await made.check() }
  }

  @Test(
    "are refused on a base whose R does not see them",
    arguments: [
      (["var/lib/dpkg/status": ""], "it has no dpkg"),
      (["var/lib/dpkg/status": "Package: libc6\nStatus: install ok installed\nVersion: 1\n"], "it has no R"),
      (
        [
          "var/lib/dpkg/status": "Package: libc6\nStatus: install ok installed\nVersion: 1\n",
          "usr/lib/R/bin/exec/R": "",
          "usr/local/lib/R/bin/exec/R": "R",
        ], "its R is in /usr/local/lib/R"
      ),
      (["usr/local/lib/R/bin/exec/R": "R"], "another R in /usr/local/lib/R"),
    ] as [([String: String], String)])
  func bases(_ files: [String: String], _ reason: String) async throws {
    let made = try await RPackagesProject(base: files)
    let error = await #expect(throws: FlowError.self) { try await made.lock() }
    #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    #expect(error?.hint?.contains("r-base-core") == true)
    #expect(try FileStatus.find(made.project.path.appending("debian.lock")) == nil)
  }

  @Test("that cannot be added are named before anything is written")
  func refused() async throws {
    let made = try await RPackagesProject()
    var script = RPackagesProject.package("r-cran-script", "1-1")
    script.scripts = ["postinst": "#!/bin/sh\nset -e\nadduser --system model\n"]
    var device = RPackagesProject.package("r-cran-device", "1-1")
    device.files.append(RawTar.Entry("./usr/lib/fifo", "6"))
    try made.archive([script, device])
    for (name, words) in [
      ("new", "libc6 2.36-9"), ("script", "adduser --system model"), ("xgboost", "r-cran-xgboost"),
      ("r-cran-none", "has this package"),
    ] {
      try made.configure("[\(name)]")
      let error = await #expect(throws: (any Error).self) { try await made.lock() }
      #expect((error as? any ExplainedError)?.reason.contains(words) == true, "\(name): \(String(describing: error))")
    }
    #expect(try FileStatus.find(made.project.path.appending("debian.lock")) == nil)
    try made.configure("[device]")
    try await made.lock()
    await #expect(throws: (any Error).self) { _ = try await made.project.package() }
  }

  @Test("replace no file of the base, and no other bytes are taken than those that are locked")
  func changed() async throws {
    let made = try await RPackagesProject(base: ["usr/lib/R/site-library/libhelp/DESCRIPTION": "mine"])
    try await made.lock()
    let error = await #expect(throws: PackageError.self) { _ = try await made.project.package() }
    #expect(error?.reason.contains("may not replace it") == true)
    let other = try await RPackagesProject()
    try await other.lock()
    try Durable.removeTree(other.project.directory.path.appending("registry/cache/debs"))
    try other.project.directory.write("debs/libhelp_1-1_all.deb", "another")
    let wrong = await #expect(throws: FlowError.self) { _ = try await other.project.package() }
    #expect(wrong?.category == .verification)
  }

  @Test("go where the links of a base with one /usr lead")
  func merged() async throws {
    let made = try await RPackagesProject()
    let link = made.project.directory.path.appending("b/root/lib")
    #expect(try ChildProcess.run(["ln", "-s", "usr/lib", link.string]).status == 0)
    var request = PackageRequest(project: made.project.directory.path.appending("b"))
    request.outputs = ["oci:base:1"]
    _ = try await PackageProject(request, in: made.project.session).run()
    var deb = RPackagesProject.package("r-cran-old", "1-1")
    deb.files += [
      RawTar.Entry("./lib/", "5").with { $0.mode = "0000755" }, RawTar.Entry("./lib/libold.so", content: "old"),
    ]
    try made.archive([deb])
    try made.configure("[old]")
    try await made.lock(.all)
    let version = try await made.project.package().version
    let registry = try made.project.registry()
    let own = version.record.layers.filter { $0.role == "environment" }
    let stack = LayerStack(try own.map { try StoredLayer($0.descriptor, try registry.store.file($0.descriptor)) })
    #expect(String(decoding: try stack.bytes("usr/lib/libold.so"), as: UTF8.self) == "old")
    #expect(try stack.tree(digests: false)["lib"] == nil)
  }

  @Test("come from an archive whose signature gpgv verifies with the base's keys")
  func signed() async throws {
    let fixtures = PackageRoot.path(#filePath).appending("Tests/OpzFlowTests/Fixtures/apt")
    func bytes(_ name: String) throws -> [UInt8] { try FileBlob(fixtures.appending(name)).bytes() }
    let key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n"
    func armored(_ name: String) throws -> String {
      "\(key)\(Base64.encode(try bytes(name)))\n-----END PGP PUBLIC KEY BLOCK-----\n"
    }
    let made = try await RPackagesProject(base: [
      "etc/apt/trusted.gpg.d/right.asc": try armored("right.gpg"),
      "usr/share/keyrings/wrong.asc": try armored("wrong.gpg"),
    ])
    let directory = made.project.directory.path.appending("signed")
    try Durable.makeDirectory(directory)
    for name in ["InRelease", "Packages", "r-cran-signed_1.0-1_all.deb"] {
      try Durable.replace(directory.appending(name), with: bytes(name))
    }
    func line(_ options: String) -> String { "deb \(options) file:\(directory) ./" }
    try made.configure("[signed]", archive: line(""))
    try await made.lock()
    #expect(try made.locked() == ["r-cran-signed 1.0-1"])

    try made.configure("[signed]", archive: line("[signed-by=/usr/share/keyrings/wrong.asc]"))
    let wrong = await #expect(throws: FlowError.self) { try await made.lock() }
    #expect(wrong?.category == .verification && wrong?.reason.contains("no key of") == true, "\(wrong?.reason ?? "")")
    try made.configure("[signed]", archive: line("[signed-by=/usr/share/keyrings/none.gpg]"))
    await #expect(throws: FlowError.self) { try await made.lock() }

    try made.configure("[signed]", archive: line(""))
    let text = String(decoding: try bytes("InRelease"), as: UTF8.self)
    try Durable.replace(
      directory.appending("InRelease"), with: Array(text.replacing("Suite: made", with: "Suite: evil").utf8))
    let changed = await #expect(throws: FlowError.self) { try await made.lock(.all) }
    #expect(changed?.reason.contains("signature is of another text") == true, "\(changed?.reason ?? "")")
    try Durable.replace(directory.appending("InRelease"), with: bytes("InRelease"))
    try Durable.replace(directory.appending("Packages"), with: bytes("Packages") + [10])
    try? Durable.removeTree(made.project.directory.path.appending("registry/cache/indexes"))
    let index = await #expect(throws: FlowError.self) { try await made.lock(.all) }
    #expect(index?.category == .verification)
  }
}
