import OpzIO
import OpzTestKit
import Testing

@testable import OpzSecrets

@Suite("Secrets and lookalikes")
struct CorpusTests {
  static func search(_ bytes: [UInt8]) -> [SecretMatch] {
    var search = SecretSearch()
    search.take(bytes)
    return search.finish()
  }

  @Test("of at least 80 kinds, wherever people leave them, at most three in a hundred are missed")
  func missed() {
    #expect(SecretSample.kinds.count >= 80 && Set(SecretSample.kinds.map(\.name)).count == SecretSample.kinds.count)
    var missed: [String] = []
    var all = 0
    for (number, kind) in SecretSample.kinds.enumerated() {
      let sample = kind.sample(seed: UInt64(number))
      for context in SecretContext.all {
        all += 1
        // Only a secret that can be used as it is counts as an error of a scan.
        if !CorpusTests.search(context.file(sample)).contains(where: { $0.doubt == nil }) {
          missed.append("\(kind.name), \(context.name)")
        }
      }
    }
    #expect(missed.count * 100 <= all * 3, "\(missed.count) of \(all): \(missed.prefix(20))")
  }

  @Test("of at least 200 files without secrets, at most two in a hundred have findings, including doubtful ones")
  func falseAlarms() {
    let all = SecretLookAlike.all(seed: 7)
    #expect(all.count >= 200)
    let found = all.filter { !CorpusTests.search($0.bytes).isEmpty }
    #expect(found.count * 100 <= all.count * 2, "\(found.map(\.name))")
  }

  @Test("a token with a recognizable form is found in a sentence, in an address, in a list")
  func bare() {
    for (number, kind) in SecretSample.kinds.enumerated() where kind.sample(seed: 0).tellsItself {
      let sample = kind.sample(seed: 100 + UInt64(number))
      guard !sample.variable.isEmpty else { continue }
      for text in [
        "use \(sample.value) for it.", "[\"\(sample.value)\"]", "(\(sample.value))", "\\n\(sample.value)\\n",
        "<a>\(sample.value)</a>",
      ] {
        #expect(!CorpusTests.search(Array(text.utf8)).isEmpty, "\(kind.name): \(text)")
      }
    }
  }
}

@Suite("Searching a stream")
struct SearchTests {
  private func token(_ seed: UInt64) -> [UInt8] {
    Array("HF_TOKEN=\(SecretSample.kinds.first { $0.name == "Hugging Face" }!.sample(seed: seed).value)\n".utf8)
  }

  @Test("findings depend on the bytes and not on how the stream is split", arguments: 0..<6)
  func pieces(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    for (number, kind) in SecretSample.kinds.enumerated() where number % 6 == Int(seed) {
      bytes +=
        random.bytes(Int.random(in: 0...300, using: &random)) + [10]
        + Array(SecretContext.plain(kind.sample(seed: seed)).utf8)
    }
    let whole = CorpusTests.search(bytes)
    #expect(whole.count >= 10)
    var search = SecretSearch()
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 1...5000, using: &random))
      search.take(Array(piece))
      rest = rest.dropFirst(piece.count)
    }
    #expect(search.finish() == whole)
  }

  @Test("after 16 MiB, and across window boundaries, each secret is found once at its position")
  func large() {
    let size = 17 << 20
    var bytes = [UInt8](repeating: 0, count: size)
    // The windows end near these positions.
    let places = [(1 << 20) - 30, 2 << 20, (3 << 20) - 16_384, (16 << 20) + 5, size - 60]
    for (number, place) in places.enumerated() {
      let text = token(UInt64(number))
      bytes.replaceSubrange(place..<place + text.count, with: text)
    }
    let found = CorpusTests.search(bytes)
    #expect(found.map { Int($0.offset) } == places.map { $0 + 9 })
    #expect(Set(found.map(\.what)) == ["a Hugging Face token"])
  }

  @Test("the same secret is reported once, and the number of findings per file is limited")
  func limits() {
    #expect(CorpusTests.search(token(1) + token(1)).count == 1)
    #expect(CorpusTests.search((0..<200).flatMap { token(UInt64($0)) }).count == 50)
    // Doubtful findings do not displace certain ones.
    let doubtful = (0..<200).flatMap { seed -> [UInt8] in
      var random = SeededGenerator(seed: UInt64(seed))
      return Array("gh\("p_")\(random.text(36, of: "bcdfghjkmnpqrstvwxzBCDFGHJKMNPQRSTVWXZ2345678"))\n".utf8)
    }
    #expect(CorpusTests.search(doubtful + token(1)).filter { $0.doubt == nil }.count == 1)
  }

  @Test("truncated secrets, alone, repeated and in base64, are not found and do not trap")
  func cutOff() {
    for anchor in SecretRules.all.flatMap(\.anchors) {
      for end in anchor.count - 2...anchor.count {
        let text = Array(anchor[..<end])
        for bytes in [
          text, text + text + text, text + [10], Array(TestEncodings.base64(text).utf8),
          Array(TestEncodings.base64(text + text + text).utf8),
        ] {
          #expect(CorpusTests.search(bytes).allSatisfy { $0.what == "a private key" }, "\(anchor)")
        }
      }
    }
  }

  @Test("truncated or changed input never traps", arguments: 0..<5)
  func mutants(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for (number, kind) in SecretSample.kinds.enumerated() where number % 5 == Int(seed) {
      for context in SecretContext.all where Int.random(in: 0..<4, using: &random) == 0 {
        var bytes = context.file(kind.sample(seed: seed))
        for _ in 0..<2 {
          if bytes.isEmpty { break }
          switch Int.random(in: 0..<3, using: &random) {
          case 0: bytes.removeLast(Int.random(in: 0...min(40, bytes.count), using: &random))
          case 1: bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
          default: bytes.removeFirst(Int.random(in: 0...min(40, bytes.count), using: &random))
          }
          _ = CorpusTests.search(bytes)
        }
      }
    }
  }
}

@Suite("Recognizing a secret")
struct RuleTests {
  @Test(
    "an encrypted key and a wrong checksum are doubtful, a correct checksum is not",
    arguments: [("GitHub ghp", 6), ("npm", 6), ("Grafana", 8), ("age key", 7)])
  func checksums(kind: String, length: Int) throws {
    let sample = try #require(SecretSample.kinds.first { $0.name == kind }).sample(seed: 3)
    #expect(CorpusTests.search(Array(sample.value.utf8)).map(\.doubt) == [nil])
    var other = Array(sample.value.utf8)
    // Changes the last digit of the checksum.
    let place = try #require(other.lastIndex { $0 > 32 })
    other[place] =
      other[place] == UInt8(ascii: "Q")
      ? UInt8(ascii: "P")
      : other[place] == UInt8(ascii: "7") ? UInt8(ascii: "6") : UInt8(ascii: kind == "age key" ? "Q" : "7")
    #expect(CorpusTests.search(other).map(\.doubt) == ["its checksum is wrong"])
  }

  @Test("GitHub's checksum matches the announcement, whose example is not a secret")
  func published() {
    let own = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"
    #expect(Checksums.base62(Checksums.crc32(own.utf8)).elementsEqual("0mLq17".utf8))
    #expect(CorpusTests.search(Array("gh\("p_")\(own)0mLq17".utf8)).isEmpty)
  }

  @Test("encrypted private keys of every format are doubtful")
  func encrypted() {
    var random = SeededGenerator(seed: 5)
    let body = TestEncodings.base64(random.bytes(300))
    let openSSH = TestEncodings.base64(
      Array("openssh-key-v1\0\0\0\0\u{A}aes256-ctr\0\0\0\u{6}bcrypt".utf8) + random.bytes(200))
    let key = "PRIVATE" + " KEY"
    for text in [
      "-----BEGIN ENCRYPTED \(key)-----\n\(body)\n",
      "-----BEGIN RSA \(key)-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n\(body)\n",
      "-----BEGIN OPENSSH \(key)-----\n\(openSSH)\n",
      "PuTTY-User-"
        + "Key-File-3: ssh-rsa\nEncryption: aes256-cbc\nComment: a\nPublic-Lines: 1\n\(body)\nPrivate-Lines: 1\n\(body)\n",
    ] {
      #expect(CorpusTests.search(Array(text.utf8)).map(\.doubt) == ["it is encrypted"], "\(text.prefix(40))")
    }
  }

  @Test(
    "names that suggest secrets, in the notation of each language, and names that do not",
    arguments: [
      ("DB_PASSWORD", true), ("dbPassword", true), ("spring.datasource.password", true), ("api-key", true),
      ("APIKey", true), ("OPENAI_KEY", true),
      ("clientSecret", true), ("AWS_SECRET_ACCESS_KEY", true), ("GITHUB_TOKEN_PROD", true), ("PGPASSWORD", true),
      ("smtp_pass", true),
      ("AccountKey", true), ("HF_TOKEN", true), ("_authToken", true), ("key", false), ("primary_key", false),
      ("public_key", false), ("token_id", false),
      ("tokenizer", false), ("pad_token", false), ("next_page_token", false), ("author", false),
      ("password_hash", false), ("keyboard", false),
      ("secret_name", false), ("token_url", false), ("cache_key", false), ("passthrough", false), ("compass", false),
      ("api_key_file", false),
    ])
  func names(name: String, isSecret: Bool) {
    #expect((SecretName.kind(Array(name.utf8)[...]) != nil) == isSecret)
  }

  @Test("anchors are found at the same positions as by a naive search")
  func anchors() {
    var random = SeededGenerator(seed: 9)
    let rules = SecretRules.all
    for _ in 0..<2 {
      var bytes = random.bytes(2000)
      for _ in 0..<60 {
        let anchor = rules.randomElement(using: &random)!.anchors.randomElement(using: &random)!
        let place = Int.random(in: 0..<bytes.count - anchor.count, using: &random)
        bytes.replaceSubrange(place..<place + anchor.count, with: anchor)
      }
      struct Place: Hashable {
        let index: Int
        let rule: Int
      }
      var found: Set<Place> = []
      // In two ranges: an anchor belongs to the range in which it starts.
      for range in [0..<bytes.count / 2, bytes.count / 2..<bytes.count] {
        AnchorIndex.shared.forEachAnchor(in: bytes, range) { index, rule in
          #expect(range.contains(index) && found.insert(Place(index: index, rule: rule)).inserted)
        }
      }
      var expected: Set<Place> = []
      let lowered = bytes.map(SearchText.lowered)
      for (number, rule) in rules.enumerated() {
        let text = rule.ignoresCase ? lowered : bytes
        for anchor in rule.anchors.map({ rule.ignoresCase ? $0.map(SearchText.lowered) : $0 }) {
          for index in 0...(text.count - anchor.count)
          where text[index] == anchor[0] && text[index..<index + anchor.count].elementsEqual(anchor) {
            expected.insert(Place(index: index, rule: number))
          }
        }
      }
      #expect(found == expected)
    }
  }
}
