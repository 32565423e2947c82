import OpzIO
import OpzLint
import OpzOCI
import OpzTestKit
import OpzYAML
import SystemPackage
import Testing

@Suite("Images in texts")
struct ManifestImagesTests {
  private static let digest = Digest("sha256:" + String(repeating: "a", count: 64))

  private static func read(_ name: String) throws -> [UInt8] {
    try FileBlob(PackageRoot.path(#filePath).appending("Tests/OpzLintTests/Fixtures/images").appending(name)).bytes()
  }

  /// Answers for a registry, without one: versions are pushed to push.example.
  private static func answer(_ use: ImageUse) throws -> Reference {
    let digest = try #require(digest)
    guard use.version == nil else {
      return try Reference(host: "push.example", repository: "crm/churn", tag: "1.0.0", digest: digest)
    }
    let named = try Reference(parsing: use.asked)
    return try Reference(host: named.host, repository: named.repository, tag: named.tag, digest: digest)
  }

  private static func pin(_ bytes: [UInt8]) throws -> [UInt8] {
    let uses = try ManifestImages(bytes).uses.filter { !$0.isPinned }
    #expect(uses.allSatisfy { $0.problem == nil }, "\(uses.compactMap { $0.problem?.reason })")
    return TextEdit.apply(try uses.flatMap { $0.edits(try answer($0)) }, to: bytes)
  }

  @Test("files are pinned exactly, and a second run changes nothing", arguments: ["", "values.", "kustomization."])
  func golden(_ kind: String) throws {
    let after = try ManifestImagesTests.read("\(kind)after.yaml")
    let pinned = try ManifestImagesTests.pin(ManifestImagesTests.read("\(kind)before.yaml"))
    #expect(String(decoding: pinned, as: UTF8.self) == String(decoding: after, as: UTF8.self))
    #expect(try ManifestImagesTests.pin(pinned) == pinned)
    #expect(try ManifestImages(pinned).uses.allSatisfy { $0.isPinned })
  }

  @Test("line ends and a byte order mark are kept", arguments: ["", "values.", "kustomization."])
  func ends(_ kind: String) throws {
    func windows(_ bytes: [UInt8]) -> [UInt8] { [0xef, 0xbb, 0xbf] + bytes.flatMap { $0 == 10 ? [13, 10] : [$0] } }
    let pinned = try ManifestImagesTests.pin(windows(ManifestImagesTests.read("\(kind)before.yaml")))
    #expect(try pinned == windows(ManifestImagesTests.read("\(kind)after.yaml")))
  }

  @Test(
    "every kind of image address of KServe is pinned, and no other storage is",
    arguments: [
      ("oci://", true), ("oci+native://", true), ("oci+modelcar://", true), ("oci+fetch://", true), ("s3://", false),
      ("ocis://", false),
    ])
  func storage(_ scheme: String, _ isImage: Bool) throws {
    let text = "model:\n  storageUri: \(scheme)r.example/crm/churn:1.0.0\n"
    let pinned = String(decoding: try ManifestImagesTests.pin(Array(text.utf8)), as: UTF8.self)
    #expect(pinned.hasPrefix("model:\n  storageUri: \(scheme)r.example/crm/churn"))
    #expect(pinned.contains("@sha256:") == isImage && (pinned == text) == !isImage, "\(pinned)")
  }

  /// A chart joins the parts with a colon: with the digest in the tag, the result is still a reference.
  @Test("Helm renders pinned values into a reference", arguments: ["\"1.0.0\"", "1.0.0", "v2"])
  func helm(_ tag: String) async throws {
    let directory = try TemporaryDirectory()
    let values = "image:\n  repository: r.example/crm/churn\n  tag: \(tag) # of the model\n"
    let pinned = try ManifestImagesTests.pin(Array(values.utf8))
    try directory.write("chart/values.yaml", String(decoding: pinned, as: UTF8.self))
    try directory.write("chart/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\ndescription: a\n")
    try directory.write(
      "chart/templates/pod.yaml",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    image: \"{{ .Values.image.repository }}:{{ .Values.image.tag }}\"\n"
    )
    let script = PackageRoot.path(#filePath).appending("Tests/OpzDeployTests/Fixtures/chart.py")
    let rendered = try await blocking {
      try Python.run([script.string, directory.path.appending("chart").string])
    }
    try #require(rendered.status == 0, "\(rendered.errorText)")
    let use = try #require(try ManifestImages(Array(rendered.text.utf8)).uses.first)
    let reference = try Reference(parsing: use.asked)
    #expect(use.isPinned && reference.digest == ManifestImagesTests.digest)
    #expect(reference.name == "r.example/crm/churn" && reference.tag == tag.replacing("\"", with: ""))
  }

  @Test("only the scalars of images change, wherever they are", arguments: 0..<60)
  func property(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let quotes = ["", "'", "\""]
    let fillers = [
      "# image: r.example/no:1\n", "\n", "x: [1, 'image: r.example/no:2', {y: ü★}]\n",
      "t: |\n  image: r.example/no:3\n\n  end\n", "---\n", "u: \"a\\nb \\u2028\"\n", "v: 'l1\n\n  l2'\n",
      "w: a\u{2028}  b\n",
    ]
    var (text, expected, key) = ("", "", 0)
    for _ in 0..<Int.random(in: 1...12, using: &random) {
      key += 1
      // Keys contain their number, so that there are no duplicates.
      let filler = (fillers.randomElement(using: &random) ?? "")
      let unique = filler.first?.isLetter == true ? filler.prefix(1) + "\(key)" + filler.dropFirst() : filler[...]
      text += unique
      expected += unique
      guard Bool.random(using: &random) else { continue }
      let quote = quotes.randomElement(using: &random) ?? ""
      let image = "r.example/x\(Int.random(in: 0...99, using: &random)):1"
      let pad = String(repeating: " ", count: Int.random(in: 1...3, using: &random))
      let open =
        Bool.random(using: &random) ? "k\(key):\(pad){image:\(pad)\(quote)" : "k\(key):\n\(pad)image:\(pad)\(quote)"
      let close = open.contains("{") ? "\(quote)}\n" : "\(quote) # end\n"
      text += open + image + close
      expected += open + image + "@sha256:" + String(repeating: "a", count: 64) + close
    }
    let pinned = String(decoding: try ManifestImagesTests.pin(Array(text.utf8)), as: UTF8.self)
    #expect(pinned == expected)
  }

  @Test(
    "an image that is not written on one line is named, not guessed",
    arguments: [
      "image: \"r.example/\\x61:1\"", "image: >-\n  r.example/a:1", "image: |-\n  r.example/a:1",
      "image: {repository: opz://churn, tag: \"\\x31\"}",
    ])
  func problems(_ text: String) throws {
    let use = try #require(try ManifestImages(Array(text.utf8)).uses.first)
    #expect(use.problem != nil)
    #expect(use.place.line == 1)
  }

  @Test(
    "other uses of the word image are left alone",
    arguments: [
      "image: {}", "image: \"\"", "image: $(IMAGE)", "image: \"{{ .x }}\"", "image: 5\n---\nimages: [a]",
      "properties: {image: {type: string}}", "repository: https://x\ntag: 1",
    ])
  func others(_ text: String) throws {
    let uses = try ManifestImages(Array(text.utf8)).uses
    #expect(uses.allSatisfy { $0.asked == "5" }, "\(uses.map(\.asked))")
  }

  private static let patches = [
    "patches:\n- patch: |-\n    spec:\n      template:\n        spec:\n          containers:\n          - {name: a, image: r.example/x:1}\n",
    "patches:\n- target: {kind: Deployment}\n  patch: '[{\"op\": \"replace\", \"path\": \"/spec/containers/0/image\", \"value\": \"r.example/x:1\"}]'\n",
    "patches:\n- patch: |\n    - op: add\n      path: /spec/template/spec/containers/0/image\n      value: r.example/x:1\n",
    "patchesJson6902:\n- target: {kind: Pod, name: a, version: v1}\n  patch: |-\n    - {op: replace, path: /spec/containers/0/image, value: r.example/x:1}\n",
    "patchesStrategicMerge:\n- |\n  apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spec: {containers: [{name: a, image: r.example/x:1}]}\n",
  ]

  @Test("an image in the inline patch of a kustomization is named and left as it is", arguments: patches)
  func namesPatched(_ patch: String) throws {
    let text = "kind: Kustomization\nresources: [pod.yaml]\n\(patch)"
    let uses = try ManifestImages(Array(text.utf8)).uses
    #expect(uses.map(\.asked) == ["r.example/x:1"])
    #expect(uses[0].doubt?.reason.contains("patch") == true && uses[0].problem == nil)
    #expect(uses[0].edits(try ManifestImagesTests.answer(uses[0])).isEmpty)
    let pinned = text.replacing("x:1", with: "x:1@sha256:" + String(repeating: "a", count: 64))
    #expect(try ManifestImages(Array(pinned.utf8)).uses.allSatisfy { $0.isPinned && $0.doubt == nil })
  }

  @Test(
    "a patch in a file, of another field, or that is not a document names no image",
    arguments: [
      "patches:\n- path: a.yaml\n", "patchesStrategicMerge: [a.yaml, b: c.yaml]\n", "patches:\n- patch: '[{'\n",
      "patches:\n- patch: '[{op: remove, path: /spec/image}, {op: add, path: /metadata/name, value: r.example/x:1}]'\n",
      "patches:\n- patch: |\n    metadata: {name: a}\n", "patches: {}\n", "patches: [a]\n",
    ])
  func otherPatches(_ patch: String) throws {
    #expect(try ManifestImages(Array("kind: Kustomization\n\(patch)".utf8)).uses.isEmpty)
  }

  private static let hexDigits = String(repeating: "a", count: 64)

  @Test(
    "every way in which charts split an image is resolved and written as the chart reads it",
    arguments: [
      ("image: r.example/x\ntag: v7\n", "r.example/x:v7", "image: r.example/x\ntag: v7@D\n"),
      ("tag: v7\nimage: r.example/x\n", "r.example/x:v7", "tag: v7@D\nimage: r.example/x\n"),
      (
        "a:\n  image: r.example/x\n  imageTag: \"7\"\n", "r.example/x:7",
        "a:\n  image: r.example/x\n  imageTag: \"7@D\"\n"
      ),
      (
        "image: {registry: r.example, repository: a/x, tag: v7, digest: \"\"}\n", "r.example/a/x:v7",
        "image: {registry: r.example, repository: a/x, tag: v7, digest: \"D\"}\n"
      ),
      (
        "image: {registry: r.example, image: a/x, tag: v7, digest: ''}\n", "r.example/a/x:v7",
        "image: {registry: r.example, image: a/x, tag: v7, digest: 'D'}\n"
      ),
      (
        "image: {repository: r.example/x, tag: v7, sha: \"\"}\n", "r.example/x:v7",
        "image: {repository: r.example/x, tag: v7, sha: \"H\"}\n"
      ),
      (
        "hub: r.example/istio\ntag: 1.2.3\nimage: pilot\n", "r.example/istio/pilot:1.2.3",
        "hub: r.example/istio\ntag: 1.2.3@D\nimage: pilot\n"
      ),
      (
        "global: {imageRegistry: r.example}\nimage: {repository: a/x, tag: v7}\n", "r.example/a/x:v7",
        "global: {imageRegistry: r.example}\nimage: {repository: a/x, tag: v7@D}\n"
      ),
      (
        "global: {registry: r.example}\nimage: {registry: '', repository: a/x, tag: v7}\n", "r.example/a/x:v7",
        "global: {registry: r.example}\nimage: {registry: '', repository: a/x, tag: v7@D}\n"
      ),
      (
        "global: {imageRegistry: ''}\nimage: {registry: r.example, repository: a/x, tag: v7}\n", "r.example/a/x:v7",
        "global: {imageRegistry: ''}\nimage: {registry: r.example, repository: a/x, tag: v7@D}\n"
      ),
      (
        "global: {imageRegistry: r.example}\nsub: {image: {registry: r.example, repository: a/x, tag: v7}}\n",
        "r.example/a/x:v7",
        "global: {imageRegistry: r.example}\nsub: {image: {registry: r.example, repository: a/x, tag: v7@D}}\n"
      ),
      ("image: {name: r.example/x, tag: v7}\n", "r.example/x:v7", "image: {name: r.example/x, tag: v7@D}\n"),
      (
        "imageRepository: r.example/x\nimageTag: v7\n", "r.example/x:v7",
        "imageRepository: r.example/x\nimageTag: v7@D\n"
      ),
      (
        "image: {repository: r.example/x, tag: \"1.10\"}\n", "r.example/x:1.10",
        "image: {repository: r.example/x, tag: \"1.10@D\"}\n"
      ),
      ("image: {repository: r.example/x, tag: 3}\n", "r.example/x:3", "image: {repository: r.example/x, tag: 3@D}\n"),
      (
        "image: {repository: r.example/x:v7, digest: ''}\n", "r.example/x:v7",
        "image: {repository: r.example/x:v7, digest: 'D'}\n"
      ),
      (
        "kind: Kustomization\nhelmCharts:\n- valuesInline: {image: {repository: r.example/x, tag: v7}}\n",
        "r.example/x:v7",
        "kind: Kustomization\nhelmCharts:\n- valuesInline: {image: {repository: r.example/x, tag: v7@D}}\n"
      ),
      (
        "kind: Component\nimages: [{name: r.example/x, newTag: v7}]\n", "r.example/x:v7",
        "kind: Component\nimages: [{name: r.example/x, newTag: v7@D}]\n"
      ),
      (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {values: {image: r.example/x, tag: v7}}\n",
        "r.example/x:v7",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {values: {image: r.example/x, tag: v7@D}}\n"
      ),
      (
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: r.example/x}]}\n", "r.example/x",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: r.example/x@D}]}\n"
      ),
    ])
  func split(_ text: String, _ asked: String, pinned: String) throws {
    let uses = try ManifestImages(Array(text.utf8)).uses
    #expect(uses.map(\.asked) == [asked])
    #expect(uses.allSatisfy { $0.doubt == nil }, "\(uses.compactMap { $0.doubt?.reason })")
    let expected = pinned.replacing("D", with: "sha256:" + ManifestImagesTests.hexDigits)
      .replacing("\"H\"", with: "\"\(ManifestImagesTests.hexDigits)\"")
    let after = String(decoding: try ManifestImagesTests.pin(Array(text.utf8)), as: UTF8.self)
    #expect(after == expected)
    #expect(try ManifestImages(Array(after.utf8)).uses.allSatisfy { $0.isPinned })
  }

  @Test(
    "an image that charts may read differently is left as it is and named",
    arguments: [
      ("image: {repository: r.example/x, tag: 1.10}", "number or boolean"),
      ("image: {repository: r.example/x, tag: 1.0}", "number or boolean"),
      ("image: {repository: r.example/x, tag: 20240101}", "number or boolean"),
      ("image: {repository: r.example/x, tag: 010}", "number or boolean"),
      ("image: {repository: r.example/x, tag: 1e5}", "number or boolean"),
      ("image: {repository: r.example/x, tag: on}", "number or boolean"),
      ("image: {repository: r.example/x, tag: \"\"}", "no tag"), ("image: {repository: r.example/x, tag: }", "no tag"),
      ("image: {repository: r.example/x, pullPolicy: Always}", "no tag"), ("image: r.example/x", "no tag"),
      ("image: r.example/x\nversion: v7", "version may be one"), ("image: r.example/x\nappVersion: v7", "may be one"),
      ("image: r.example/x:1\ntag: v7", "there is also tag"), ("image: r.example/x:1\ntag: ''", "there is also tag"),
      ("image: r.example/x\ntag: $(TAG)", "variable of another tool"),
      ("image: r.example/x\ntag: \"{{ .x }}\"", "variable of another tool"),
      ("image: bar\nrepository: r.example/x\ntag: v7", "both name an image"),
      ("image: {registry: q.example, repository: r.example/x, tag: v7}", "both have a registry"),
      ("global: {imageRegistry: q.example}\nimage: {registry: r.example, repository: x, tag: v7}", "global registry"),
      ("global: {imageRegistry: q.example}\nimage: {repository: r.example/x, tag: v7}", "global registry"),
      ("global: {image: {registry: q.example}}\na: {image: {repository: r.example/x, tag: v7}}", "global registry"),
      ("global: {imageTag: v7}\nimage: {repository: r.example/x, tag: ''}", "a global one"),
      ("image: {repository: r.example/x, tag: v7, digest: sha256:12}", "is not a digest"),
      ("image: {repository: r.example/x, tag: v7, sha: xyz}", "is not a digest"),
      ("kind: Kustomization\nimages: [{name: r.example/x, newTag: 1.10}]", "which kustomize rejects"),
      ("kind: Kustomization\nimages: [{name: r.example/x, newTag: v1, tagSuffix: -a}]", "tagSuffix"),
    ])
  func doubts(_ text: String, _ reason: String) throws {
    let uses = try ManifestImages(Array(text.utf8)).uses
    let use = try #require(uses.first)
    #expect(uses.count == 1 && !use.isPinned && use.problem == nil)
    #expect(use.doubt?.reason.contains(reason) == true, "\(use.doubt?.reason ?? "none")")
    #expect(use.doubt?.hint.isEmpty == false)
  }

  @Test(
    "a digest counts wherever charts put it",
    arguments: [
      "image: {repository: r.example/x, tag: \"v1@sha256:H\"}", "image: {repository: r.example/x, tag: \"sha256:H\"}",
      "image: {repository: r.example/x@sha256, tag: H}", "image: {repository: \"r.example/x@sha256:H\", tag: ''}",
      "image: {repository: r.example/x, tag: v1, sha: H}", "image: {repository: r.example/x, digest: \"sha256:H\"}",
      "image: \"r.example/x@sha256:H\"\ntag: ''",
      "kind: Kustomization\nimages: [{name: r.example/x, digest: \"sha256:H\"}]",
    ])
  func pinned(_ text: String) throws {
    let uses = try ManifestImages(Array(text.replacing("H", with: ManifestImagesTests.hexDigits).utf8)).uses
    #expect(uses.count == 1 && uses.allSatisfy { $0.isPinned && $0.doubt == nil })
  }

  @Test("kubectl kustomize accepts the result")
  func kustomize() throws {
    // Debian has no kubectl; if one is installed, it is used.
    guard (try? ChildProcess.run(["kubectl", "version", "--client"])) != nil else { return }
    let directory = try TemporaryDirectory()
    let pinned = try ManifestImagesTests.read("kustomization.after.yaml")
    try directory.write(
      "kustomization.yaml",
      String(decoding: pinned, as: UTF8.self).replacing("resources: [deployment.yaml]", with: "resources: [pod.yaml]"))
    try directory.write(
      "pod.yaml",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: churn}, {name: b, image: worker}, {name: c, image: \"r.example/mesh/proxy:2\"}]}\n"
    )
    let output = try ChildProcess.run(["kubectl", "kustomize", directory.path.string])
    try #require(output.status == 0, "\(output.errorText)")
    let digest = "sha256:" + String(repeating: "a", count: 64)
    for image in [
      "r.example/crm/churn:1.0.0@\(digest)", "push.example/crm/churn@\(digest)", "r.example/mesh/proxy:3@\(digest)",
    ] {
      #expect(output.text.contains("image: \(image)\n"), "\(output.text)")
    }
  }
}
