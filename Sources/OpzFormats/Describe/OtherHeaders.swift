import OpzModel

/// R's objects: `saveRDS` and `save`, compressed with gzip, xz or bzip2, or not (R Internals, "Serialization Formats").
enum RObjectHeader {
  static let recognizer = ModelDescriber.Recognizer(
    matches: { header, file in
      compression(header) != nil && isNamed(file.name)
        || ["X\n", "A\n", "B\n"].contains { mark in
          header.starts(with: Array(mark.utf8)) && isNamed(file.name)
        }
    },
    describe: { file, describer in
      let header = ModelHeader(try file.upTo(ModelHeader.limit, at: 0))
      let compression = compression(header)
      let bytes = compression == nil ? header.bytes : describer.decompress(file.path, 256) ?? []
      var rows = [ModelDescription.Row("compression", compression ?? "none")]
      let isWorkspace = bytes.starts(with: "RD".utf8)
      if isWorkspace {
        rows.append(ModelDescription.Row("format", String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)))
      } else if bytes.count >= 14 {
        func number(_ offset: Int) -> UInt32 { bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | UInt32($1) } }
        guard bytes[0] == UInt8(ascii: "X"), bytes[1] == 10 else {
          return bytes[1] == 10 ? description(file, rows, isWorkspace: isWorkspace) : nil
        }
        let written = number(6)
        rows.append(ModelDescription.Row("format version", "\(number(2))"))
        rows.append(ModelDescription.Row("written by R", "\(written >> 16).\(written >> 8 & 255).\(written & 255)"))
      }
      return description(file, rows, isWorkspace: isWorkspace)
    })

  private static func description(
    _ file: HeaderFile, _ rows: [ModelDescription.Row], isWorkspace: Bool
  ) -> ModelDescription {
    ModelDescription(
      isWorkspace ? "R workspace" : "R object", bytes: file.size, rows: rows,
      loadedBy: isWorkspace ? "load() in R" : "readRDS() in R",
      runtime: "runtime: {kind: r}, on a base with the package of the model; opz init writes it")
  }

  private static func isNamed(_ name: String) -> Bool {
    [".rds", ".rda", ".rdata"].contains(where: name.lowercased().hasSuffix)
  }

  private static func compression(_ header: ModelHeader) -> String? {
    if header.starts(with: [0x1f, 0x8b]) { return "gzip" }
    if header.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]) { return "xz" }
    return header.starts(with: Array("BZh".utf8)) ? "bzip2" : nil
  }
}

/// Treelite's checkpoints of versions 3 and 4 (docs/serialization in the repository treelite).
enum TreeliteHeader {
  private static let tasks = ["binary classification", "regression", "classification", "ranking", "isolation forest"]
  private static let types = ["", "uint32", "float32", "float64"]

  static let recognizer = ModelDescriber.Recognizer(
    matches: { header, _ in
      guard header.bytes.count >= 32 else { return false }
      let version = stride(from: 0, to: 12, by: 4).map { place in
        header.bytes[place..<(place + 4)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      }
      // The first tree count of more than 2^40 is none.
      return (3...4).contains(version[0]) && version[1] < 100 && version[2] < 100 && (1...3).contains(header.bytes[12])
        && (1...3).contains(header.bytes[13]) && header.bytes[19...21].allSatisfy { $0 == 0 }
    },
    describe: { file, _ in
      var cursor = HeaderCursor(file)
      let (major, minor, patch) = (try cursor.number(4), try cursor.number(4), try cursor.number(4))
      let (threshold, leaf) = (Int(try cursor.byte()), Int(try cursor.byte()))
      let trees = try cursor.number(8)
      let features = try cursor.number(4)
      var rows = [
        ModelDescription.Row("Treelite", "\(major).\(minor).\(patch)"), ModelDescription.Row("trees", "\(trees)"),
        ModelDescription.Row("features", "\(features)"), ModelDescription.Row("thresholds", types[threshold]),
        ModelDescription.Row("leaves", types[leaf]),
      ]
      if major == 4 {
        let task = Int(try cursor.byte())
        rows.append(ModelDescription.Row("task", task < tasks.count ? tasks[task] : "\(task)"))
      }
      return ModelDescription(
        "Treelite checkpoint", bytes: file.size, rows: rows, loadedBy: "treelite.Model.deserialize, FIL of RAPIDS",
        runtime: "runtime: {kind: python} with treelite")
    })
}

/// A pickle: said and never loaded.
enum PickleHeader {
  static let recognizer = ModelDescriber.Recognizer(
    matches: { header, _ in isPickle(header.bytes) },
    describe: { file, _ in description(file, protocol: try file.upTo(2, at: 0)[1]) })

  /// What `joblib.dump(model, file, compress=..)` writes: in whatever way it is compressed, the first bytes tell.
  static let compressed = ModelDescriber.Recognizer(
    matches: { header, _ in compression(header) != nil },
    describe: { file, describer in
      guard let bytes = describer.decompress(file.path, 2), isPickle(bytes) else { return nil }
      let compression = compression(ModelHeader(try file.upTo(ModelHeader.limit, at: 0)))
      return description(file, compression: compression, protocol: bytes[1])
    })

  private static func isPickle(_ bytes: [UInt8]) -> Bool {
    bytes.count > 1 && bytes[0] == 0x80 && (2...5).contains(bytes[1])
  }

  private static func description(
    _ file: HeaderFile, compression: String? = nil, protocol: UInt8
  ) -> ModelDescription {
    ModelDescription(
      "pickle", bytes: file.size,
      rows: (compression.map { [ModelDescription.Row("compression", $0)] } ?? []) + [
        ModelDescription.Row("protocol", "\(`protocol`)"),
        ModelDescription.Row("content", "not looked at: loading a pickle runs code, see opz scan"),
      ], loadedBy: compression == nil ? "pickle.load, joblib.load" : "joblib.load", runtime: "runtime: {kind: python}")
  }

  private static func compression(_ header: ModelHeader) -> String? {
    let marks: [([UInt8], String)] = [
      ([0x1f, 0x8b], "gzip"), ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "xz"), (Array("BZh".utf8), "bzip2"),
      ([0x5d, 0, 0], "lzma"), ([0x04, 0x22, 0x4d, 0x18], "lz4"), (Array("ZF".utf8), "zlib"),
    ]
    if let mark = marks.first(where: { header.starts(with: $0.0) }) { return mark.1 }
    // RFC 1950: the two bytes are a multiple of 31, and the method is 8.
    guard header.bytes.count > 1, header.bytes[0] & 0x8f == 8 else { return nil }
    return (Int(header.bytes[0]) << 8 | Int(header.bytes[1])).isMultiple(of: 31) ? "zlib" : nil
  }
}
