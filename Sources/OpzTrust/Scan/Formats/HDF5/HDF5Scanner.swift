import OpzIO

/// HDF5: Keras' older format, whose configuration is an attribute, and PyTables', whose attributes and values may be
/// pickles.
struct HDF5Scanner: FormatScanner {
  let name = "HDF5 files"

  func recognizes(_ file: ScannedFile) throws -> Bool {
    if file.head.starts(with: HDF5File.signature) { return true }
    if ["h5", "hdf5", "hdf", "keras"].contains(file.suffix), !file.head.starts(with: Array("PK".utf8)) { return true }
    // After a user block.
    return try file.blob.size > 520 && HDF5File.start(of: BlobWindow(file.blob)) != nil
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    let window = BlobWindow(file.blob)
    guard let start = try HDF5File.start(of: window) else {
      return scanner.add(.unread, .error, file: file, text: "its name says HDF5, but it contains none")
    }
    let content: HDF5File
    do {
      content = try HDF5File(window, at: start)
    } catch let problem as HDF5Problem {
      return scanner.add(
        .unread, .error, file: file, at: start, text: "its attributes cannot be read: \(problem.reason)")
    }
    try attributes(of: content, file, &scanner)
    try values(of: content, file, &scanner)
  }

  private func attributes(of content: HDF5File, _ file: ScannedFile, _ scanner: inout FileScanner) throws {
    var objects = HDF5Objects(content)
    var seen: Set<[UInt8]> = []
    do {
      while let attributes = try objects.next() {
        for attribute in attributes {
          for value in attribute.values where value.size >= 8 {
            // The layers of a model repeat the same names of weights.
            if value.size <= 4096, !seen.insert(try value.bytes()).inserted { continue }
            scanner.scanMember(of: file, at: "@\(attribute.name.prefix(200))", value)
          }
        }
      }
    } catch let problem as HDF5Problem {
      scanner.add(.unread, .error, file: file, text: "its attributes cannot be read: \(problem.reason)")
    } catch is BlobWindow.PastEnd {
      scanner.add(
        .unread, .error, file: file, text: "its attributes cannot be read: they are beyond the end of the file")
    }
    for name in objects.otherFiles.sorted() {
      let leaves = EscapingPath.isOutside(name)
      scanner.add(
        .outsidePath, leaves ? .error : .warning, file: file,
        text:
          "it reads \(DocumentFindings.shown(name)), another file\(leaves ? " outside of the model's directory" : "")")
    }
  }

  /// Scans values of variable length that are pickles, as PyTables stores objects, or configurations.
  private func values(of content: HDF5File, _ file: ScannedFile, _ scanner: inout FileScanner) throws {
    var places: [UInt64] = []
    var last: [UInt8] = []
    var passed: UInt64 = 0
    try file.blob.forEachChunk { chunk in
      let piece = last + Array(chunk)
      let first = passed - UInt64(last.count)
      if piece.contains(text: "GCOL") {
        var index = 0
        while index + 4 <= piece.count, places.count < 1_000_000 {
          if piece[index] == 0x47, Array(piece[index..<(index + 4)]) == HDF5GlobalHeap.signature {
            places.append(first + UInt64(index))
          }
          index += 1
        }
      }
      passed += UInt64(chunk.count)
      last = Array(piece.suffix(3))
    }
    for place in places where place >= content.base {
      do {
        try HDF5GlobalHeap.forEach(content, at: place - content.base) { index, address, size in
          guard size >= 4, size <= 1 << 40 else { return true }
          let head = try content.bytes(at: address, 2)
          let isPickle = head[0] == 0x80 && head[1] <= 5
          if try isPickle || isConfiguration(content, head, address: address, size: size) {
            scanner.scanMember(of: file, at: "@\(place)/\(index)", try content.blob(at: address, size))
          }
          return true
        }
      } catch is HDF5Problem {
        continue
      } catch is BlobWindow.PastEnd {
        continue
      }
    }
  }

  /// Whether a value may be a model's configuration.
  private func isConfiguration(_ content: HDF5File, _ head: [UInt8], address: UInt64, size: UInt64) throws -> Bool {
    guard head[0] == UInt8(ascii: "{"), size <= 16 << 20 else { return false }
    return try content.blob(at: address, size).bytes().contains(text: "class_name")
  }
}
