import OpzArchive
import OpzIO
import OpzJSON
import OpzOCI

/// Looks into one file by what it holds, not by what it is called.
struct FileScanner: Sendable {
  private let allowlist: PickleAllowlist
  private(set) var report: ScanReport

  /// What is called so is loaded as a pickle by those who use it.
  private static let pickleNames: Set<Substring> = ["pkl", "pickle", "joblib", "pt", "pth", "ckpt", "dill"]
  private static let depthLimit = 4
  /// Bytes of a text that is searched for secrets.
  private static let textLimit: UInt64 = 16 << 20

  init(_ report: ScanReport) {
    self.report = report
    allowlist = PickleAllowlist(report.allowed)
  }

  /// A layer and what was found in it.
  mutating func begin(layer: Digest) { report.layers.append(layer) }

  /// - Parameters:
  ///   - path: in the image.
  ///   - secrets: whether keys and tokens count: what comes from a public index has none.
  mutating func scan(_ path: String, _ blob: any Blob, secrets: Bool) {
    report.files += 1
    report.bytes &+= blob.size
    look(path, blob, secrets: secrets, depth: 0)
  }

  private mutating func look(_ path: String, _ blob: any Blob, secrets: Bool, depth: Int) {
    do {
      var bytes = try PickleBytes(blob, at: 0)
      let head = try bytes.bytes(Int(min(512, blob.size))) ?? []
      try content(path, blob, head, depth)
      if secrets { try searchSecrets(path, blob, head) }
    } catch {
      // A member whose checksum is wrong, an inflated stream that is damaged.
      add(.archive, .error, path, nil, "it cannot be read: \(Self.reason(error))")
    }
  }

  private static func reason(_ error: any Error) -> String {
    (error as? any ExplainedError)?.reason ?? "\(error)"
  }

  private mutating func add(
    _ rule: ScanReport.Rule, _ level: ScanReport.Level, _ path: String, _ offset: UInt64?, _ text: String
  ) {
    guard report.findings.count < 10_000 else { return }
    report.findings.append(.init(rule: rule, level: level, path: path, offset: offset, text: text))
  }

  private mutating func content(_ path: String, _ blob: any Blob, _ head: [UInt8], _ depth: Int) throws {
    let name = path.split(separator: "/").last ?? ""
    let suffix = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
    let isPickleName = FileScanner.pickleNames.contains(Substring(suffix))
    if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) || head.starts(with: [0x50, 0x4B, 0x05, 0x06]) {
      try archive(path, blob, depth)
    } else if head.starts(with: [0x93] + Array("NUMPY".utf8)) {
      try array(path, blob, head)
    } else if head.starts(with: [0x89] + Array("HDF".utf8)) {
      try search(path, blob, for: #""class_name": "Lambda""#)
    } else if head.count > 1, head[0] == 0x80, head[1] <= 5 {
      try pickle(path, blob, at: 0)
    } else if let format = FileScanner.compression(head) {
      // model.pkl.gz is one too.
      let parts = name.split(separator: ".").dropFirst().map { Substring($0.lowercased()) }
      let level: ScanReport.Level =
        parts.contains { $0 == "keras" || FileScanner.pickleNames.contains($0) } ? .error : .note
      add(.unread, level, path, nil, "it is compressed by \(format) and was not looked into")
    } else if isPickleName, !head.isEmpty {
      try pickle(path, blob, at: 0)
    } else {
      try guess(path, blob)
      try tail(path, blob, depth)
      if name == "config.json" { try keras(path, blob) }
    }
  }

  private static func compression(_ head: [UInt8]) -> String? {
    let known: [([UInt8], String)] = [
      ([0x1F, 0x8B], "gzip"), (Array("BZh".utf8), "bzip2"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"),
      ([0x28, 0xB5, 0x2F, 0xFD], "zstd"), ([0x04, 0x22, 0x4D, 0x18], "lz4"), ([0x78, 0x01], "zlib"),
      ([0x78, 0x5E], "zlib"), ([0x78, 0x9C], "zlib"), ([0x78, 0xDA], "zlib"), ([0x5D, 0x00, 0x00], "lzma"),
    ]
    return known.first { head.starts(with: $0.0) }?.1
  }

  // MARK: Archives

  private mutating func archive(_ path: String, _ blob: any Blob, _ depth: Int) throws {
    guard depth < FileScanner.depthLimit else {
      return add(.unread, .error, path, nil, "an archive in \(depth) others was not looked into")
    }
    do {
      let zip = try ZipArchive(blob, name: path)
      for entry in zip.entries where !entry.isDirectory {
        let name = String(decoding: entry.path, as: UTF8.self)
        look("\(path)!/\(name)", zip.content(entry), secrets: false, depth: depth + 1)
      }
    } catch let error as ArchiveError {
      add(.archive, .error, path, nil, error.reason)
    }
  }

  /// A zip file may have anything before it, and its readers begin at the end.
  private mutating func tail(_ path: String, _ blob: any Blob, _ depth: Int) throws {
    guard blob.size >= 22 else { return }
    let start = blob.size - min(blob.size, 22 + 65_535)
    var bytes = try PickleBytes(blob, at: start)
    guard let end = try bytes.bytes(Int(blob.size - start)) else { return }
    // The end record, whose comment reaches to the end of the file.
    for index in stride(from: end.count - 22, through: 0, by: -1)
    where end[index] == 0x50 && end[index + 1] == 0x4B && end[index + 2] == 5 && end[index + 3] == 6 {
      guard Int(end[index + 20]) | Int(end[index + 21]) << 8 == end.count - index - 22 else { continue }
      let members = Int(end[index + 10]) | Int(end[index + 11]) << 8
      guard members > 0 else { continue }
      return add(
        .archive, .error, path, start + UInt64(index), "it ends as a zip file and begins as something else")
    }
  }

  // MARK: Pickles

  /// Follows a pickle, and those that come after it in the same file.
  private mutating func pickle(_ path: String, _ blob: any Blob, at offset: UInt64) throws {
    var machine = PickleMachine(try PickleBytes(blob, at: offset), allows: allowlist.allows)
    report.pickles += 1
    defer { addEvents(path, machine.events) }
    do {
      try machine.run()
    } catch let broken as PickleMachine.Broken {
      return add(.pickleBroken, .error, path, broken.offset, "it cannot be followed: \(broken.reason)")
    }
    // Files of torch before 1.6 are several pickles and then bytes.
    var next = machine.offset
    for _ in 0..<16 where next < blob.size {
      var more = PickleMachine(try PickleBytes(blob, at: next), isGuess: true, allows: allowlist.allows)
      let isWhole = (try? more.run(limit: 1 << 22)) != nil
      if more.calls || isWhole { addEvents(path, more.events) }
      guard isWhole else { return }
      next = more.offset
    }
  }

  /// A pickle of protocol 0 or 1 has no mark of its own. What would be imported and called before it breaks counts.
  private mutating func guess(_ path: String, _ blob: any Blob) throws {
    guard blob.size > 2 else { return }
    var machine = PickleMachine(try PickleBytes(blob, at: 0), isGuess: true, allows: allowlist.allows)
    let isWhole: Bool
    do {
      try machine.run()
      isWhole = true
    } catch is PickleMachine.Broken {
      isWhole = false
    }
    guard machine.usesGlobals, machine.calls || isWhole else { return }
    report.pickles += 1
    addEvents(path, machine.events)
  }

  private mutating func addEvents(_ path: String, _ events: [PickleMachine.Event]) {
    var seen: Set<String> = []
    for event in events where seen.insert(event.text).inserted {
      add(
        .pickleCall, .error, path, event.offset,
        "its pickle \(event.text), which is not on the list of what models need")
    }
  }

  /// NumPy's own format: a header in Python's notation, then bytes, or a pickle where the elements are objects (NEP 1).
  private mutating func array(_ path: String, _ blob: any Blob, _ head: [UInt8]) throws {
    guard head.count >= 12 else { return add(.pickleBroken, .error, path, 0, "an array without a header") }
    let wide = head[6] >= 2
    let length = wide ? head[8..<12].reversed().reduce(0) { $0 << 8 | Int($1) } : Int(head[8]) | Int(head[9]) << 8
    let start = (wide ? 12 : 10) + length
    guard length <= 1 << 20, UInt64(start) <= blob.size else {
      return add(.pickleBroken, .error, path, 0, "the header of the array is cut short")
    }
    var bytes = try PickleBytes(blob, at: UInt64(start - length))
    let header = try bytes.bytes(length) ?? []
    if String(decoding: header, as: UTF8.self).contains("O") && header.contains(text: "descr") {
      let text = String(decoding: header, as: UTF8.self)
      // 'fortran_order' is of small letters; a capital O stands in a dtype only.
      if text.replacing("fortran_order", with: "").contains("O") { try pickle(path, blob, at: UInt64(start)) }
    }
  }

  // MARK: Keras

  private mutating func search(_ path: String, _ blob: any Blob, for text: String) throws {
    var last: [UInt8] = []
    var isThere = false
    try blob.forEachChunk { chunk in
      let piece = last + Array(chunk)
      isThere = isThere || piece.contains(text: text)
      last = Array(piece.suffix(text.utf8.count))
    }
    if isThere { add(.kerasCode, .error, path, nil, "a Lambda layer is code that runs when the model is loaded") }
  }

  private mutating func keras(_ path: String, _ blob: any Blob) throws {
    guard blob.size <= FileScanner.textLimit else { return }
    let bytes = try blob.bytes()
    let document: JSONValue
    do {
      document = try JSONValue(json: bytes, options: JSONOptions(nonFinite: .all))
    } catch let failure as JSONFailure {
      // Keras's own reader takes the last of two keys, and nests as deep as Python can.
      if failure.kind != .syntax, bytes.contains(text: "class_name") || bytes.contains(text: "\\u") {
        add(.kerasCode, .error, path, nil, "it may be a Keras model, and what it makes cannot be seen: \(failure)")
      }
      return
    }
    guard case .object(let root) = document, root["class_name"] != nil, root["config"] != nil else { return }
    var waiting = [document]
    var seen: Set<String> = []
    while let value = waiting.popLast() {
      switch value {
      case .array(let items): waiting += items
      case .object(let members):
        waiting += Array(members.values)
        guard case .string(let name)? = members["class_name"] else { continue }
        if name == "Lambda" || name == "__lambda__", seen.insert(name).inserted {
          add(.kerasCode, .error, path, nil, "\(name) is code that runs when the model is loaded")
        }
        guard case .string(let module)? = members["module"] else { continue }
        let top = module.prefix { $0 != "." }
        if !["keras", "tf_keras"].contains(top), !module.hasPrefix("tensorflow.keras"), module != "builtins",
          !allowlist.allows(PickleGlobal(module: module, name: name)), seen.insert(module + name).inserted
        {
          add(
            .kerasCode, .error, path, nil,
            "it makes \(module.prefix(100)).\(name.prefix(100)), which is not Keras's own")
        }
      default: break
      }
    }
  }

  // MARK: Secrets

  private mutating func searchSecrets(_ path: String, _ blob: any Blob, _ head: [UInt8]) throws {
    guard !head.isEmpty, !head.contains(0) else { return }
    guard blob.size <= FileScanner.textLimit else { return }
    for match in SecretPatterns.matches(try blob.bytes()) {
      add(
        .secret, match.what.contains("encrypted") ? .warning : .error, path, UInt64(match.offset),
        "it holds \(match.what)")
    }
  }
}
