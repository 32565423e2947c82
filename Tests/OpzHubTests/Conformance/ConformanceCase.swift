import OpzIO
import OpzJSON
import OpzOCI

@testable import OpzHub

/// One thing that the distribution-spec 1.1 (and, for `?tag=`, 1.2) asks of a registry.
struct ConformanceCase: Sendable {
  let name: String
  let check: @Sendable (SpecClient) async throws -> Void

  init(_ name: String, _ check: @escaping @Sendable (SpecClient) async throws -> Void) {
    self.name = name
    self.check = check
  }

  static let all = pull + push + wrongDigests + contents + severalTags + discovery + management

  private static let data = bytes(2048, seed: 11)
  private static var digest: Digest { .of(data) }
  private static let octets = ("Content-Type", "application/octet-stream")

  // MARK: Pull

  static let pull: [ConformanceCase] = [
    ConformanceCase("the API is there") { client in
      let reply = try await client.ask("GET", "/v2/")
      client.expect(reply.status == 200, "\(reply.status)")
    },
    ConformanceCase("what is missing is 404, with a code") { client in
      let missing = Digest.of([1, 2])
      for (path, code) in [
        ("blobs/\(missing)", ["BLOB_UNKNOWN"]), ("manifests/\(missing)", ["MANIFEST_UNKNOWN", "NAME_UNKNOWN"]),
        ("manifests/missing-tag", ["MANIFEST_UNKNOWN", "NAME_UNKNOWN"]),
      ] {
        for method in ["GET", "HEAD"] {
          let reply = try await client.ask(method, client.path(path))
          client.expect(reply.status == 404, "\(method) \(path): \(reply.status)")
          if method == "GET" { client.expect(code.contains(reply.code ?? ""), "\(path): \(reply.code ?? "no code")") }
        }
      }
    },
    ConformanceCase("a digest that is none is 400 or 404") { client in
      for path in ["manifests/sha256:baddigeststring", "blobs/sha256:baddigeststring"] {
        let reply = try await client.ask("GET", client.path(path))
        client.expect([400, 404].contains(reply.status), "\(path): \(reply.status)")
      }
    },
    ConformanceCase("ranges of a blob") { client in
      try await client.push(data)
      for (range, first, last) in [
        ("500-1499", 500, 1499), ("500-", 500, 2047), ("-500", 1548, 2047), ("2000-5000", 2000, 2047),
      ] {
        let reply = try await client.ask("GET", client.path("blobs/\(digest)"), headers: [("Range", "bytes=\(range)")])
        client.expect(reply.status == 206, "\(range): \(reply.status)")
        client.expect(reply.body == Array(data[first...last]), "\(range): another body")
        client.expect(reply["content-range"] == "bytes \(first)-\(last)/2048", "\(range): another Content-Range")
      }
      let beyond = try await client.ask("GET", client.path("blobs/\(digest)"), headers: [("Range", "bytes=5000-10000")])
      client.expect(beyond.status == 416, "beyond the end: \(beyond.status)")
    },
  ]

  // MARK: Push

  static let push: [ConformanceCase] = [
    ConformanceCase("a blob by POST alone, or by POST and PUT where that is not taken") { client in
      let reply = try await client.ask(
        "POST", client.path("blobs/uploads/?digest=\(digest)"), headers: [octets], body: data)
      client.expect(reply.status == 201 || reply.status == 202, "\(reply.status)")
      if reply.status == 202, let place = reply["location"] {
        let end = try await client.ask(
          "PUT", SpecClient.adding("digest=\(digest)", to: place), headers: [octets], body: data)
        client.expect(end.status == 201, "PUT: \(end.status)")
      }
      try await client.check(blob: data, digest)
    },
    ConformanceCase("a blob by POST and PUT") { client in
      try await client.push(data)
      try await client.check(blob: data, digest)
    },
    ConformanceCase("an empty blob, and {}") { client in
      for blob in [[], Array("{}".utf8)] {
        try await client.push(blob)
        try await client.check(blob: blob, .of(blob))
      }
    },
    ConformanceCase("a blob with SHA-512") { client in
      let digest = Digest.of(data, by: .sha512)
      try await client.push(data, digest)
      try await client.check(blob: data, digest)
    },
    ConformanceCase("a blob in chunks, of which the last comes with PATCH or with PUT") { client in
      for isLastPut in [false, true] {
        let blob = bytes(3000, seed: isLastPut ? 21 : 22)
        try await chunked(client, blob, ranges: [0..<1000, 1000..<2000, 2000..<3000], isLastPut: isLastPut)
        try await client.check(blob: blob, .of(blob))
      }
    },
    ConformanceCase("a blob in one chunk, and one as a stream without a range") { client in
      let (one, stream) = (bytes(700, seed: 31), bytes(800, seed: 32))
      try await chunked(client, one, ranges: [0..<700], isLastPut: false)
      var place = try await client.begin()
      let reply = try await client.ask("PATCH", place, headers: [octets], body: stream)
      client.expect(reply.status == 202, "PATCH: \(reply.status)")
      place = reply["location"] ?? place
      let end = try await client.ask("PUT", SpecClient.adding("digest=\(Digest.of(stream))", to: place))
      client.expect(end.status == 201, "PUT: \(end.status)")
      for blob in [one, stream] { try await client.check(blob: blob, .of(blob)) }
    },
    ConformanceCase("a chunk out of order is 416, and the upload goes on") { client in
      var place = try await client.begin()
      let first = try await client.ask(
        "PATCH", place, headers: [octets, ("Content-Range", "0-999")], body: Array(data[..<1000]))
      place = first["location"] ?? place
      let wrong = try await client.ask(
        "PATCH", place, headers: [octets, ("Content-Range", "1500-2047")], body: Array(data[1500...]))
      client.expect(wrong.status == 416, "out of order: \(wrong.status)")
      let status = try await client.ask("GET", place)
      client.expect(
        status.status == 204 && status["range"] == "0-999", "status: \(status.status) \(status["range"] ?? "")")
      place = status["location"] ?? place
      let end = try await client.ask(
        "PUT", SpecClient.adding("digest=\(digest)", to: place), headers: [octets, ("Content-Range", "1000-2047")],
        body: Array(data[1000...]))
      client.expect(end.status == 201, "PUT: \(end.status)")
    },
    ConformanceCase("the status of an upload") { client in
      var place = try await client.begin()
      let chunk = try await client.ask(
        "PATCH", place, headers: [octets, ("Content-Range", "0-9")], body: Array(data[..<10]))
      client.expect(chunk["range"] == "0-9", "PATCH: \(chunk["range"] ?? "no range")")
      place = chunk["location"] ?? place
      let status = try await client.ask("GET", place)
      client.expect(status.status == 204, "\(status.status)")
      client.expect(status["range"] == "0-9" && status["location"] != nil, "\(status["range"] ?? "no range")")
    },
    ConformanceCase("an upload that was canceled") { client in
      let place = try await client.begin()
      let reply = try await client.ask("DELETE", place)
      client.expect(reply.status == 204, "DELETE: \(reply.status)")
      let after = try await client.ask("GET", place)
      client.expect(after.status == 404, "afterwards: \(after.status)")
    },
    ConformanceCase("a mount, and a mount of what is missing") { client in
      let other = "\(client.name)/other"
      try await client.push(data, in: other)
      let reply = try await client.ask("POST", client.path("blobs/uploads/?mount=\(digest)&from=\(other)"))
      client.expect(reply.status == 201 && reply["location"] != nil, "\(reply.status)")
      try await client.check(blob: data, digest)
      let missing = try await client.ask(
        "POST", client.path("blobs/uploads/?mount=\(Digest.of([7, 8]))&from=\(other)"))
      client.expect(missing.status == 202 && missing["location"] != nil, "missing: \(missing.status)")
    },
    ConformanceCase("a mount without from is a mount or an upload") { client in
      let reply = try await client.ask("POST", client.path("blobs/uploads/?mount=\(digest)"))
      client.expect([201, 202].contains(reply.status), "\(reply.status)")
    },
    ConformanceCase("a manifest that names a missing blob, that is broken, or whose digest is wrong") { client in
      let absent = Descriptor.of([4, 5, 6], .layerTar)
      let config = Array("{}".utf8)
      try await client.push(config)
      let lacking = try Manifest(.init(config: .emptyConfig, layers: [absent]))
      let whole = try Manifest(.init(config: .emptyConfig, layers: [.emptyConfig]))
      for (reference, raw) in [
        ("lacking", lacking.raw), ("broken", Array(#"{"schemaVersion":2"#.utf8)), ("\(Digest.of([3]))", whole.raw),
        ("sha256:baddigeststring", whole.raw),
      ] {
        let reply = try await client.ask(
          "PUT", client.path("manifests/\(reference)"), headers: [("Content-Type", MediaType.imageManifest.rawValue)],
          body: raw)
        client.expect((400..<500).contains(reply.status), "\(reference): \(reply.status)")
      }
    },
  ]

  private static func chunked(
    _ client: SpecClient, _ blob: [UInt8], ranges: [Range<Int>], isLastPut: Bool
  ) async throws {
    var place = try await client.begin()
    for range in isLastPut ? ranges.dropLast() : ranges[...] {
      let header = ("Content-Range", "\(range.lowerBound)-\(range.upperBound - 1)")
      let reply = try await client.ask("PATCH", place, headers: [octets, header], body: Array(blob[range]))
      client.expect(reply.status == 202, "PATCH \(header.1): \(reply.status)")
      client.expect(reply["range"] == "0-\(range.upperBound - 1)", "PATCH \(header.1): \(reply["range"] ?? "no range")")
      place = reply["location"] ?? place
    }
    let rest = isLastPut ? ranges.last : nil
    let headers = rest.map { [octets, ("Content-Range", "\($0.lowerBound)-\($0.upperBound - 1)")] } ?? []
    let end = try await client.ask(
      "PUT", SpecClient.adding("digest=\(Digest.of(blob))", to: place), headers: headers,
      body: rest.map { Array(blob[$0]) } ?? [])
    client.expect(end.status == 201, "PUT: \(end.status)")
  }

  /// Content of another digest than its upload says must not be stored.
  static let wrongDigests = ["POST", "PUT", "chunks", "last chunk with PUT"].map { way in
    ConformanceCase("a wrong digest: \(way)") { client in
      let (blob, digest) = (bytes(900, seed: 41), Digest.of(bytes(900, seed: 42)))
      var place = client.path("blobs/uploads/")
      var reply: Reply
      if way == "POST" {
        reply = try await client.ask("POST", "\(place)?digest=\(digest)", headers: [octets], body: blob)
        if reply.status == 202, let location = reply["location"] {
          reply = try await client.ask(
            "PUT", SpecClient.adding("digest=\(digest)", to: location), headers: [octets], body: blob)
        }
      } else {
        place = try await client.begin()
        let sent = ["PUT": 0, "chunks": 900, "last chunk with PUT": 500][way] ?? 0
        if sent > 0 {
          let chunk = try await client.ask(
            "PATCH", place, headers: [octets, ("Content-Range", "0-\(sent - 1)")], body: Array(blob[..<sent]))
          place = chunk["location"] ?? place
        }
        let range = sent > 0 && sent < 900 ? [octets, ("Content-Range", "\(sent)-899")] : [octets]
        reply = try await client.ask(
          "PUT", SpecClient.adding("digest=\(digest)", to: place), headers: range, body: Array(blob[sent...]))
      }
      client.expect(reply.status == 400, "\(reply.status)")
      let after = try await client.ask("HEAD", client.path("blobs/\(digest)"))
      client.expect(after.status == 404, "it is there: \(after.status)")
    }
  }

  // MARK: Every kind of content

  private static let contents = ContentSet.all.map { set in
    ConformanceCase("\(set.name): pushed, found, pulled, listed, deleted") { try await lifecycle(set, $0) }
  }

  private static let severalTags = ["image", "index of two images", "image with SHA-512"].compactMap { name in
    ContentSet.all.first { $0.name == name }.map { set in
      ConformanceCase("\(name): several tags by one request") { try await tagged(set, $0) }
    }
  }

  private static func lifecycle(_ set: ContentSet, _ client: SpecClient) async throws {
    for blob in set.blobs { try await client.push(blob.bytes, blob.digest) }
    for document in set.documents {
      for reference in ["\(document.digest)"] + document.tags {
        let reply = try await put(document, reference, client: client)
        client.expect(reply.status == 201, "PUT \(reference.prefix(20)): \(reply.status) \(reply.code ?? "")")
        client.expect(reply["location"] != nil, "PUT \(reference.prefix(20)): no Location")
        if let subject = document.subject {
          client.expect(reply["oci-subject"] == "\(subject)", "PUT \(reference.prefix(20)): no OCI-Subject")
        }
      }
    }
    for document in set.documents {
      for reference in ["\(document.digest)"] + document.tags { try await read(document, reference, client: client) }
    }
    try await listTags(set, client)
    try await listReferrers(set, client)
    try await delete(set, client)
  }

  private static func put(_ document: ContentSet.Document, _ reference: String, client: SpecClient) async throws
    -> Reply
  {
    try await client.ask(
      "PUT", client.path("manifests/\(reference)"), headers: [("Content-Type", document.type)], body: document.bytes)
  }

  private static func read(_ document: ContentSet.Document, _ reference: String, client: SpecClient) async throws {
    for method in ["HEAD", "GET"] {
      let reply = try await client.ask(
        method, client.path("manifests/\(reference)"), headers: [("Accept", document.type)])
      let what = "\(method) \(reference.prefix(20))"
      client.expect(reply.status == 200, "\(what): \(reply.status)")
      client.expect(reply["content-type"] == document.type, "\(what): \(reply["content-type"] ?? "no type")")
      client.expect(reply["content-length"] == "\(document.bytes.count)", "\(what): another Content-Length")
      client.expect(reply.body == (method == "GET" ? document.bytes : []), "\(what): another body")
    }
  }

  private struct TagList: Decodable { let tags: [String]? }

  private static func listTags(_ set: ContentSet, _ client: SpecClient) async throws {
    func list(_ query: String) async throws -> [String] {
      let reply = try await client.ask("GET", client.path("tags/list\(query)"))
      client.expect(reply.status == 200, "tags\(query): \(reply.status)")
      return try JSONDecoding.decode(TagList.self, from: reply.body).tags ?? []
    }
    let expected = set.documents.flatMap(\.tags).sorted()
    let all = try await list("")
    client.expect(all == expected, "tags: \(all)")
    guard let first = expected.first, expected.count > 1 else { return }
    client.expect(try await list("?n=1") == [first], "tags?n=1")
    client.expect(try await list("?last=\(first)") == Array(expected.dropFirst()), "tags?last=")
  }

  private static func listReferrers(_ set: ContentSet, _ client: SpecClient) async throws {
    for subject in Set(set.documents.compactMap(\.subject)) {
      let goal = set.documents.filter { $0.subject == subject }
      for type in [nil] + Set(goal.compactMap(\.artifactType)).map({ Optional($0) }) {
        let query = type.map { "?artifactType=\($0.replacing("+", with: "%2B"))" } ?? ""
        let reply = try await client.ask("GET", client.path("referrers/\(subject)\(query)"))
        client.expect(reply.status == 200, "referrers\(query): \(reply.status)")
        client.expect(reply["content-type"] == MediaType.imageIndex.rawValue, "referrers\(query): another type")
        guard let index = try? Index(raw: reply.body, subject: "") else { continue }
        let wanted = goal.filter { type == nil || $0.artifactType == type }
        let found = index.content.manifests
        client.expect(Set(found.map(\.digest)) == Set(wanted.map(\.digest)), "referrers\(query): other entries")
        for document in wanted {
          let entry = found.first { $0.digest == document.digest }
          client.expect(
            entry?.artifactType?.rawValue == document.artifactType && entry?.size == UInt64(document.bytes.count)
              && entry?.mediaType.rawValue == document.type, "referrers\(query): another descriptor")
          let annotations = entry?.annotations ?? [:]
          client.expect(
            document.annotations.allSatisfy { annotations[$0.key] == $0.value }, "referrers\(query): no annotations")
        }
        if type != nil {
          client.expect(reply["oci-filters-applied"] == "artifactType", "referrers\(query): no OCI-Filters-Applied")
        }
      }
    }
  }

  private static func delete(_ set: ContentSet, _ client: SpecClient) async throws {
    for document in set.documents.reversed() {
      for tag in document.tags {
        let reply = try await client.ask("DELETE", client.path("manifests/\(tag)"))
        client.expect(reply.status == 202, "DELETE of a tag: \(reply.status)")
        let after = try await client.ask("HEAD", client.path("manifests/\(tag)"))
        client.expect(after.status == 404, "a deleted tag: \(after.status)")
      }
      let reply = try await client.ask("DELETE", client.path("manifests/\(document.digest)"))
      client.expect(reply.status == 202, "DELETE of a manifest: \(reply.status)")
      let after = try await client.ask("HEAD", client.path("manifests/\(document.digest)"))
      client.expect(after.status == 404, "a deleted manifest: \(after.status)")
    }
  }

  private static func tagged(_ set: ContentSet, _ client: SpecClient) async throws {
    for blob in set.blobs { try await client.push(blob.bytes, blob.digest) }
    for document in set.documents.dropLast() { _ = try await put(document, "\(document.digest)", client: client) }
    guard let last = set.documents.last else { return }
    let tags = (1...10).map { "v\($0).0" }
    let reply = try await put(last, "\(last.digest)?" + tags.map { "tag=\($0)" }.joined(separator: "&"), client: client)
    client.expect(reply.status == 201, "PUT: \(reply.status)")
    let said = reply.all("oci-tag").flatMap { $0.split(separator: ",").map { $0.filter { $0 != " " } } }
    client.expect(Set(said) == Set(tags), "OCI-Tag: \(said)")
    for tag in tags {
      let found = try await client.ask("HEAD", client.path("manifests/\(tag)"), headers: [("Accept", last.type)])
      client.expect(found.status == 200 && found["content-length"] == "\(last.bytes.count)", "\(tag): \(found.status)")
    }
  }

  // MARK: Content discovery and management

  static let discovery: [ConformanceCase] = [
    ConformanceCase("tags in pages, each with a link to the next") { client in
      let set = ContentSet.all[0]
      for blob in set.blobs { try await client.push(blob.bytes, blob.digest) }
      let names = ["1.0.0", "1.10.0", "1.2.0", "A", "b", "latest"]
      for name in names { _ = try await put(set.documents[0], name, client: client) }
      var seen: [String] = []
      var next: String? = client.path("tags/list?n=4")
      while let target = next, seen.count < 100 {
        let reply = try await client.ask("GET", target)
        seen += try JSONDecoding.decode(TagList.self, from: reply.body).tags ?? []
        let link = reply["link"]
        client.expect(link?.hasSuffix("rel=\"next\"") ?? true, "\(link ?? "")")
        next = link.map { String($0.prefix { $0 != ">" }.dropFirst()) }
      }
      client.expect(seen == names, "\(seen)")
      let none = try await client.ask("GET", client.path("tags/list?n=0"))
      client.expect(none.status == 200, "n=0: \(none.status)")
      client.expect((try? JSONDecoding.decode(TagList.self, from: none.body).tags ?? []) == [], "n=0: \(none.text)")
    },
    ConformanceCase("the tags of no repository are 404, and the referrers of nothing an empty list") { client in
      let tags = try await client.ask("GET", client.path("tags/list"))
      client.expect(tags.status == 404 || tags.text.contains("[]"), "tags: \(tags.status)")
      let reply = try await client.ask("GET", client.path("referrers/\(Digest.of([1]))"))
      client.expect(reply.status == 200, "referrers: \(reply.status)")
      client.expect(
        (try? Index(raw: reply.body, subject: ""))?.content.manifests == [], "referrers: \(reply.text.prefix(80))")
      let wrong = try await client.ask("GET", client.path("referrers/sha256:baddigeststring"))
      client.expect(wrong.status == 400, "referrers of no digest: \(wrong.status)")
    },
  ]

  static let management: [ConformanceCase] = [
    ConformanceCase("a blob is deleted, or that is not supported") { client in
      try await client.push(data)
      let reply = try await client.ask("DELETE", client.path("blobs/\(digest)"))
      client.expect([202, 405].contains(reply.status), "\(reply.status)")
      let after = try await client.ask("HEAD", client.path("blobs/\(digest)"))
      client.expect(after.status == (reply.status == 202 ? 404 : 200), "afterwards: \(after.status)")
    },
    ConformanceCase("what is missing cannot be deleted") { client in
      for path in ["manifests/missing", "manifests/\(Digest.of([9]))"] {
        let reply = try await client.ask("DELETE", client.path(path))
        client.expect(reply.status == 404, "\(path): \(reply.status)")
      }
    },
  ]
}
