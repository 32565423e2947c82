import OpzIO
import OpzOCI

/// Content of one kind that a registry has to take: blobs, and the documents that name them, children first.
struct ContentSet: Sendable {
  struct Document: Sendable {
    let bytes: [UInt8]
    let type: String
    let digest: Digest
    var tags: [String] = []
    var subject: Digest?
    var artifactType: String?
    var annotations: [String: String] = [:]
  }

  let name: String
  var blobs: [(bytes: [UInt8], digest: Digest)] = []
  var documents: [Document] = []
  var algorithm = Digest.Algorithm.sha256
  private var counter: UInt64 = 1

  private static let image = "application/vnd.oci.image.manifest.v1+json"
  private static let index = "application/vnd.oci.image.index.v1+json"
  private static let empty = "application/vnd.oci.empty.v1+json"

  init(_ name: String) { self.name = name }

  // MARK: Parts

  /// A descriptor as JSON; `more` are further members.
  private func descriptor(_ bytes: [UInt8], _ type: String, more: String = "") -> String {
    let digest = Digest.of(bytes, by: algorithm)
    return #"{"mediaType":"\#(type)","digest":"\#(digest)","size":\#(bytes.count)\#(more)}"#
  }

  private mutating func blob(_ bytes: [UInt8], _ type: String, more: String = "", isPushed: Bool = true) -> String {
    if isPushed { blobs.append((bytes, .of(bytes, by: algorithm))) }
    return descriptor(bytes, type, more: more)
  }

  private mutating func random(_ count: Int) -> [UInt8] {
    counter += 1
    let start = name.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
    return OpzHubTests.bytes(count, seed: start &+ counter)
  }

  private mutating func add(
    _ members: [String], _ type: String, tags: [String], subject: Document? = nil, artifactType: String? = nil,
    annotations: [String: String] = [:], isShown: Bool = true
  ) {
    var members = [#""schemaVersion":2"#, #""mediaType":"\#(type)""#] + members
    if let artifactType, isShown { members.append(#""artifactType":"\#(artifactType)""#) }
    if let subject { members.append(#""subject":\#(descriptor(subject.bytes, subject.type))"#) }
    if !annotations.isEmpty {
      let pairs = annotations.sorted { $0.key < $1.key }.map { #""\#($0.key)":"\#($0.value)""# }
      members.append(#""annotations":{\#(pairs.joined(separator: ","))}"#)
    }
    let bytes = Array("{\(members.joined(separator: ","))}".utf8)
    documents.append(
      Document(
        bytes: bytes, type: type, digest: .of(bytes, by: algorithm), tags: tags, subject: subject?.digest,
        artifactType: artifactType, annotations: annotations))
  }

  /// An image of so many layers.
  private mutating func addImage(
    layers: Int = 2, tags: [String] = [], subject: Document? = nil, annotations: [String: String] = [:],
    extra: [String] = []
  ) {
    let config = blob(
      Array(#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#.utf8),
      "application/vnd.oci.image.config.v1+json")
    let all = (0..<layers).map { _ in blob(random(500), "application/vnd.oci.image.layer.v1.tar+gzip") }
    // The type of an image without an artifactType is its configuration's.
    add(
      [#""config":\#(config)"#, #""layers":[\#(all.joined(separator: ","))]"#] + extra, Self.image, tags: tags,
      subject: subject, artifactType: subject == nil ? nil : "application/vnd.oci.image.config.v1+json",
      annotations: annotations, isShown: false)
  }

  private mutating func addArtifact(
    _ type: String, layers: Int = 1, tags: [String] = [], subject: Document? = nil,
    annotations: [String: String] = [:]
  ) {
    let config = blob(Array("{}".utf8), Self.empty)
    let all =
      layers == 0
      ? [descriptor(Array("{}".utf8), Self.empty)] : (0..<layers).map { _ in blob(random(300), type) }
    add(
      [#""config":\#(config)"#, #""layers":[\#(all.joined(separator: ","))]"#], Self.image, tags: tags,
      subject: subject,
      artifactType: type, annotations: annotations)
  }

  private mutating func addIndex(
    of children: [Document], tags: [String], artifactType: String? = nil, subject: Document? = nil
  ) {
    let all = children.map {
      descriptor($0.bytes, $0.type, more: #","platform":{"architecture":"amd64","os":"linux"}"#)
    }
    add(
      [#""manifests":[\#(all.joined(separator: ","))]"#], Self.index, tags: tags, subject: subject,
      artifactType: artifactType)
  }

  private static func made(_ name: String, _ build: (inout ContentSet) -> Void) -> ContentSet {
    var set = ContentSet(name)
    build(&set)
    return set
  }

  // MARK: All kinds

  /// Every kind of content that the specification speaks of.
  static let all: [ContentSet] = [
    made("image") { $0.addImage(tags: ["image", "other"]) },
    made("image without layers") { $0.addImage(layers: 0, tags: ["no-layers"]) },
    made("image whose manifest has almost 4 MiB") {
      $0.addImage(tags: ["large"], annotations: ["large": String(repeating: "x", count: (4 << 20) - 2000)])
    },
    made("image with members that nobody knows") {
      $0.addImage(tags: ["custom"], extra: [#""org.example.x":{"a":[1,"two",null]}"#])
    },
    made("image with a layer that is not distributable and not there") { set in
      let layer = set.descriptor(
        [1, 2, 3], "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        more: #","urls":["https://example.com/x"]"#
      )
      let config = set.blob(Array("{}".utf8), "application/vnd.oci.image.config.v1+json")
      set.add([#""config":\#(config)"#, #""layers":[\#(layer)]"#], image, tags: ["foreign"])
    },
    made("image whose descriptors carry data") { set in
      let config = set.blob(Array("{}".utf8), empty, more: #","data":"e30=""#)
      set.add([#""config":\#(config)"#, #""layers":[\#(config)]"#], image, tags: ["data"], artifactType: "text/x")
    },
    made("index of two images") { set in
      set.addImage()
      set.addImage()
      set.addIndex(of: set.documents, tags: ["index"])
    },
    made("index of an index") { set in
      set.addImage()
      set.addIndex(of: set.documents, tags: ["inner"])
      set.addIndex(of: Array(set.documents.suffix(1)), tags: ["outer"])
    },
    made("empty index") { $0.addIndex(of: [], tags: ["empty"]) },
    made("artifact") { $0.addArtifact("application/vnd.example.a", tags: ["artifact"]) },
    made("artifact without layers") { $0.addArtifact("application/vnd.example.a", layers: 0, tags: ["artifact"]) },
    made("index of artifacts") { set in
      set.addArtifact("application/vnd.example.a")
      set.addIndex(of: set.documents, tags: ["artifacts"], artifactType: "application/vnd.example.list")
    },
    made("image with a subject, and artifacts with one") { set in
      set.addImage(tags: ["subject"])
      let subject = set.documents[0]
      set.addImage(subject: subject)
      set.addArtifact("application/vnd.example.a", tags: ["one"], subject: subject, annotations: ["a": "1"])
      set.addArtifact("application/vnd.example.b", tags: ["two"], subject: subject, annotations: ["b": "2"])
    },
    made("index with a subject that is an index") { set in
      set.addImage()
      set.addIndex(of: set.documents, tags: ["subject"])
      let subject = set.documents[1]
      set.addArtifact("application/vnd.example.a", subject: subject)
      set.addIndex(
        of: Array(set.documents.prefix(1)), tags: ["list"], artifactType: "application/vnd.example.list",
        subject: subject)
    },
    made("artifact whose subject is missing") { set in
      let bytes = Array(#"{"schemaVersion":2}"#.utf8)
      let missing = Document(bytes: bytes, type: image, digest: .of(bytes))
      set.addArtifact("application/vnd.example.a", tags: ["lonely"], subject: missing)
    },
    made("image with SHA-512") { set in
      set.algorithm = .sha512
      set.addImage(tags: ["sha512"])
    },
  ]
}
