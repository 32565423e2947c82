import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzRegistry

/// Records and events are read by a fast reader and by `Codable`, which explains errors: both must read the same.
@Suite("Records and events read in one pass")
struct PlainDocumentTests {
  private static let digest = "sha256:" + String(repeating: "ab", count: 32)
  private static let descriptor =
    #"{"mediaType":"application/x","digest":"\#(digest)","size":12,"artifactType":"a/b","annotations":{"k":"v"}}"#

  /// A document with every possible member.
  private static let record = """
    {"format":1,"name":"a/b","version":"1.2.3-rc.1+x","created":"2026-01-01T00:00:00Z","tool":"opz 9","image":\(descriptor),"content":"\(digest)",
    "runtime":{"kind":"python","base":"h.example/b:1","baseDigest":"\(digest)","settings":{"command":["a"]}},"platforms":["linux/amd64","linux/arm64"],
    "layers":[{"role":"model","descriptor":\(descriptor),"diffID":"\(digest)","compressor":"none","platform":"linux/amd64","origin":"h.example/b"},
    {"role":"runtime","descriptor":\(descriptor),"diffID":"\(digest)"}],
    "files":[{"role":"model","path":"/a","digest":"\(digest)","size":1,"mode":"0644"},
    {"role":"code","path":"/b","size":0,"mode":"0777","link":"a","pathBytes":"2f62","linkBytes":"61"}],
    "fileList":\(descriptor),"packages":[{"name":"numpy","version":"2","wheel":"numpy.whl","digest":"\(digest)","platform":"linux/amd64"}],
    "model":{"format":"xgboost-json","signature":{"inputs":[]}},
    "lineage":{"git":{"commit":"c","branch":"main","remote":"r","dirty":true},"data":[{"path":"d","digest":"\(digest)","size":5}],
    "metrics":{"auc":0.5,"rows":7},"parent":"a/b@1.0.0","tags":{"team":"crm"}},
    "deploy":{"replicas":{"min":1}},"pushTo":"h.example/b","artifacts":{"modelpack":\(descriptor)},"tests":[{"name":"holdout.csv","descriptor":\(descriptor)}]}
    """

  private static let event = """
    {"format":1,"kind":"rolled-back","model":"a/b","version":"1.0.0","at":"2026-01-01T00:00:00.000Z","actor":"me@here","number":7,"heads":["x","y"],
    "image":"\(digest)","record":\(descriptor),"content":"\(digest)","alias":{"name":"production","after":["p"],"restores":"q"},
    "details":{"reason":"because","gone":null,"list":[1,2.5]}}
    """

  @Test("a record and an event with every member are what Codable reads")
  func whole() throws {
    let record = Array(Self.record.utf8)
    #expect(
      try VersionRecord(plain: record)
        == CanonicalJSON.decode(VersionRecord.self, from: record, subject: "x"))
    let event = Array(Self.event.utf8)
    #expect(
      try Event(plain: event) == CanonicalJSON.decode(Event.self, from: event, subject: "x"))
  }

  @Test(
    "with any member missing, null or of another type, they are read as Codable reads them, or not at all",
    arguments: [record, event])
  func mutated(_ text: String) throws {
    let document = try JSONValue(json: Array(text.utf8))
    var cases = 0
    for replacement: JSONValue? in [nil, .null, .integer(-1), .string("x"), .array([]), .object([:]), .bool(true)] {
      for mutant in Self.mutants(document, replacement) {
        cases += 1
        let bytes = try CanonicalJSON.encode(mutant)
        if text == Self.record {
          let plain = VersionRecord(plain: bytes)
          let codable = try? CanonicalJSON.decode(VersionRecord.self, from: bytes, subject: "x")
          #expect(plain == nil || plain == codable, "\(String(decoding: bytes, as: UTF8.self))")
        } else {
          let plain = Event(plain: bytes)
          let codable = try? CanonicalJSON.decode(Event.self, from: bytes, subject: "x")
          #expect(plain == nil || plain == codable, "\(String(decoding: bytes, as: UTF8.self))")
        }
      }
    }
    #expect(cases > 100)
  }

  /// The document with one member, at any depth, replaced or removed; each member once.
  private static func mutants(_ value: JSONValue, _ replacement: JSONValue?) -> [JSONValue] {
    switch value {
    case .object(let members):
      func with(_ key: String, _ inner: JSONValue?) -> JSONValue {
        var changed = members
        changed[key] = inner
        return .object(changed)
      }
      return members.keys.map { with($0, replacement) }
        + members.flatMap { key, inner in mutants(inner, replacement).map { with(key, $0) } }
    case .array(let items):
      return items.indices.flatMap { index in
        mutants(items[index], replacement).map { mutant in
          var outer = items
          outer[index] = mutant
          return .array(outer)
        }
      }
    default: return []
    }
  }

  @Test(
    "the golden registries' records and events are read in one pass, and as Codable reads them",
    arguments: [("golden/models/crm/churn", 14), ("golden-2/models/crm/churn", 15), ("golden-2/models/ops/fraud", 5)])
  func golden(_ place: String, _ least: Int) throws {
    let root = PackageRoot.path(#filePath).appending("registry").pushing(FilePath(place))
    var count = 0
    for entry in try Directory.entries(root.appending("events")) {
      let bytes = try FileBlob(root.appending("events").appending(entry)).bytes()
      let event = try #require(Event(plain: bytes))
      #expect(try event == CanonicalJSON.decode(Event.self, from: bytes, subject: entry.string))
      count += 1
    }
    for version in try Directory.entries(root.appending("versions")) {
      let bytes = try FileBlob(root.appending("versions").appending(version).appending("version.json")).bytes()
      let record = try #require(VersionRecord(plain: bytes))
      #expect(try record == CanonicalJSON.decode(VersionRecord.self, from: bytes, subject: version.string))
      count += 1
    }
    #expect(count >= least)
  }
}
