import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@Suite("oci-archive:FILE as a place")
struct OCIArchiveTests {
  let opz: Command

  init() throws {
    opz = try Command()
    #expect(try opz("package", "p", "--quiet").status == 0)
    #expect(try opz("sbom", "weights@1.0.0", "--attach").status == 0)
  }

  @Test("an image goes through an archive with its referrers, and keeps its digest")
  func roundTrip() throws {
    let digest = try opz.json("show", "weights@1.0.0")["digest"]
    let out = try opz.json("copy", "weights@1.0.0", "oci-archive:image.tar")
    #expect(out["digest"] == digest)
    let back = try opz.json("copy", "oci-archive:image.tar", "oci:layout:2")
    #expect(back["digest"] == digest && back["referrers"] == out["referrers"])
    #expect(back["referrers"]?.array?.isEmpty == false)
    // The same bytes every time.
    _ = try opz("copy", "weights@1.0.0", "oci-archive:again.tar", "--quiet")
    let bytes = try ["image.tar", "again.tar"].map { try FileBlob(opz.directory.path.appending($0)).bytes() }
    #expect(bytes[0] == bytes[1])
    #expect(try opz.json("copy", "weights@1.0.0", "oci-archive:named.tar:stable")["digest"] == digest)
    #expect(try opz.json("copy", "oci-archive:named.tar:stable", "oci:other")["digest"] == digest)
    let wrong = try opz("copy", "oci-archive:named.tar:stabel", "oci:third")
    #expect(wrong.status == 2 && wrong.errorText.contains("did you mean"), "\(wrong.errorText)")
  }

  @Test("opz package writes one, and a base can be one")
  func packaged() throws {
    let made = try opz("package", "p", "--quiet", "--output", "oci-archive:base.tar:1")
    #expect(made.status == 0, "\(made.errorText)")
    try opz.directory.write("q/weights.bin", "other")
    try opz.directory.write(
      "q/opz.yaml",
      "opz: 1\nname: other\nmodel: {path: weights.bin}\nruntime: {kind: custom, base: 'oci-archive:../base.tar', command: [/x]}\n"
    )
    let locked = try opz("lock", "q")
    #expect(locked.status == 0 && locked.text.contains("oci-archive:../base.tar"), "\(locked.errorText)")
    let built = try opz("package", "q", "--quiet")
    #expect(built.status == 0, "\(built.errorText)")
    let layers = try opz("show", "other@1.0.0", "--json")
    #expect(layers.text.contains("oci-archive:../base.tar"))
  }

  @Test("another program reads it")
  func skopeo() throws {
    #expect(try opz("copy", "weights@1.0.0", "oci-archive:image.tar", "--quiet").status == 0)
    let script = """
      import json, sys, tarfile, hashlib
      tar = tarfile.open(sys.argv[1])
      index = json.load(tar.extractfile('index.json'))
      names = {e['annotations']['org.opencontainers.image.ref.name']: e for e in index['manifests'] if 'annotations' in e and 'org.opencontainers.image.ref.name' in e['annotations']}
      manifest = tar.extractfile('blobs/' + names['1.0.0']['digest'].replace(':', '/')).read()
      assert 'sha256:' + hashlib.sha256(manifest).hexdigest() == names['1.0.0']['digest']
      for layer in json.loads(manifest)['layers']:
        bytes = tar.extractfile('blobs/' + layer['digest'].replace(':', '/')).read()
        assert 'sha256:' + hashlib.sha256(bytes).hexdigest() == layer['digest'] and len(bytes) == layer['size']
      """
    let read = try ChildProcess.run(
      ["python3", "-c", script, "image.tar"], environment: ["PATH=/usr/local/bin:/usr/bin:/bin"],
      directory: opz.directory.path)
    #expect(read.status == 0, "\(read.errorText)")
  }

  @Test(
    "a file that is no such archive is refused with what it is",
    arguments: [("p/weights.bin", 4, ""), ("none.tar", 2, ""), ("docker.tar.gz", 1, "gzip -d")])
  func refused(file: String, status: Int32, hint: String) throws {
    try opz.directory.write("docker.tar.gz", "\u{1F}")
    let zipped = try ChildProcess.run(
      ["sh", "-c", "gzip -c p/weights.bin > docker.tar.gz"], directory: opz.directory.path)
    #expect(zipped.status == 0)
    let result = try opz("copy", "oci-archive:\(file)", "oci:out")
    #expect(result.status == status && (hint.isEmpty || result.errorText.contains(hint)), "\(result.errorText)")
    #expect(try FileStatus.find(opz.directory.path.appending("out")) == nil)
  }

  @Test(
    "an error of a base names the base as opz.yaml does",
    arguments: ["oci:missing", "oci-archive:missing.tar", "docker-archive:missing.tar", "oci:../p"])
  func bases(base: String) throws {
    try opz.directory.write("q/weights.bin", "other")
    try opz.directory.write(
      "q/opz.yaml",
      "opz: 1\nname: other\nmodel: {path: weights.bin}\nruntime: {kind: custom, base: '\(base)', command: [/x]}\n")
    for command in ["lock", "plan", "package"] {
      let result = try opz(command, "q")
      #expect(result.status != 0 && result.errorText.contains("the base \(base)"), "\(result.errorText)")
    }
  }
}
