import OpzModel

/// The datasets of an HDF5 file with their types and shapes, from its metadata alone.
///
/// Source: HDF5 File Format Specification, version 3.0. Groups of the older kind and groups with few links are listed;
/// the links of a group that has them in a heap are not (h5py writes such groups only on request).
struct HDF5Listing {
  static let recognizer = ModelDescriber.Recognizer(
    matches: { header, _ in header.starts(with: signature) },
    describe: { file, _ in
      let tensors = try HDF5Listing(file, at: 0).tensors()
      let isKeras = tensors.contains { $0.name.hasPrefix("model_weights/") || $0.name.hasPrefix("layers/") }
      return ModelDescription(
        isKeras ? "Keras HDF5" : "HDF5", bytes: file.size, tensors: tensors,
        loadedBy: isKeras ? "keras.models.load_model, tf_keras" : "h5py",
        runtime: "runtime: {kind: python} with \(isKeras ? "keras and its backend" : "h5py")")
    })

  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
  private static let objectLimit = 200_000

  private let file: HeaderFile
  /// Where the file begins: in a zip archive, not at 0.
  private let base: UInt64
  private let root: UInt64

  init(_ file: HeaderFile, at base: UInt64) throws {
    self.file = file
    self.base = base
    var cursor = HeaderCursor(file, at: base)
    guard Array(try cursor.take(8)) == HDF5Listing.signature else {
      throw file.damaged("it does not begin as HDF5 does")
    }
    let version = try cursor.byte()
    guard version <= 3 else { throw file.damaged("its HDF5 superblock is of version \(version)") }
    if version < 2 { try cursor.skip(4) }
    guard try cursor.byte() == 8, try cursor.byte() == 8 else { throw file.damaged("its addresses have not 8 bytes") }
    // Version 0 and 1: the root group's symbol table entry after four addresses; 2 and 3: an address after three.
    try cursor.skip(version >= 2 ? 1 + 24 : (version == 0 ? 9 : 13) + 32 + 8)
    root = try cursor.number(8)
  }

  /// All datasets, in the order of the groups.
  func tensors() throws -> [ModelDescription.Tensor] {
    var found: [ModelDescription.Tensor] = []
    var pending: [(name: String, address: UInt64)] = [("", root)]
    var seen: Set<UInt64> = []
    while let object = pending.popLast() {
      guard seen.insert(object.address).inserted else { continue }
      guard seen.count <= HDF5Listing.objectLimit else { throw file.damaged("it has too many objects") }
      guard object.name.utf8.count <= 4096 else { throw file.damaged("a name of more than 4096 bytes") }
      let messages = try messages(at: object.address)
      if let tensor = try dataset(object.name, messages) { found.append(tensor) }
      for message in messages {
        let children =
          switch message.type {
          case 0x11: try symbols(message)
          case 0x06: try link(message).map { [$0] } ?? []
          default: [(name: String, address: UInt64)]()
          }
        for child in children.reversed() {
          pending.append((object.name.isEmpty ? child.name : "\(object.name)/\(child.name)", child.address))
        }
      }
    }
    return found
  }

  private func cursor(_ address: UInt64, _ length: UInt64? = nil) throws -> HeaderCursor {
    let (start, overflow) = base.addingReportingOverflow(address)
    guard !overflow, start < file.size else { throw file.damaged("an address beyond its end") }
    return HeaderCursor(file, at: start, end: length.map { start.addingReportingOverflow($0).partialValue })
  }

  // MARK: Object headers (IV.A.1)

  private struct Message {
    let type: UInt64
    /// Where its bytes are in the file.
    let place: UInt64
    let size: UInt64
  }

  private func messages(at address: UInt64) throws -> [Message] {
    var head = try cursor(address)
    let isNew = Array(try head.take(4)) == Array("OHDR".utf8)
    var blocks: [(start: UInt64, size: UInt64)] = []
    var isOrdered = false
    if isNew {
      try head.skip(1)
      let flags = try head.byte()
      isOrdered = flags & 4 != 0
      try head.skip((flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0))
      let size = try head.number(1 << Int(flags & 3))
      blocks = [(head.position, size)]
    } else {
      try head.skip(4)
      let size = try head.number(4)
      try head.skip(4)
      blocks = [(head.position, size)]
    }
    var found: [Message] = []
    var seen: Set<UInt64> = []
    while let block = blocks.popLast() {
      guard seen.insert(block.start).inserted, block.size <= 1 << 20, found.count < 10_000 else {
        throw file.damaged("an object header that does not end")
      }
      var cursor = HeaderCursor(file, at: block.start, end: block.start + block.size)
      while cursor.end - min(cursor.position, cursor.end) >= (isNew ? (isOrdered ? 6 : 4) : 8) {
        let type = try cursor.number(isNew ? 1 : 2)
        let size = try cursor.number(2)
        try cursor.skip(isNew ? (isOrdered ? 3 : 1) : 4)
        let message = Message(type: type, place: cursor.position, size: size)
        found.append(message)
        if type == 0x10 {
          var place = cursor
          let (start, overflow) = try place.number(8).addingReportingOverflow(base)
          let length = try place.number(8)
          guard !overflow, start < file.size, length >= 8 else { throw file.damaged("an object header beyond its end") }
          // A block of the newer kind begins with a signature and ends with a checksum.
          blocks.append(isNew ? (start + 4, length - 8) : (start, length))
        }
        try cursor.skip(size)
      }
    }
    return found
  }

  // MARK: Groups

  /// A group of the older kind: a B-tree whose leaves are symbol tables, and a heap with the names (III.A.1, III.C, III.D).
  private func symbols(_ message: Message) throws -> [(name: String, address: UInt64)] {
    var place = HeaderCursor(file, at: message.place)
    var nodes = [try place.number(8)]
    var heap = try cursor(try place.number(8))
    try heap.skip(24)
    let names = try heap.number(8)
    var found: [(name: String, address: UInt64)] = []
    var seen: Set<UInt64> = []
    while let address = nodes.popLast() {
      guard seen.insert(address).inserted, seen.count <= HDF5Listing.objectLimit else {
        throw file.damaged("a group with a cycle")
      }
      var cursor = try cursor(address)
      if Array(try cursor.take(4)) == Array("SNOD".utf8) {
        try cursor.skip(2)
        for _ in 0..<(try cursor.number(2)) {
          let (name, object) = (try cursor.number(8), try cursor.number(8))
          let kind = try cursor.number(4)
          try cursor.skip(20)
          // A soft link has no object.
          if kind != 2 { found.append((try text(names &+ name), object)) }
        }
      } else {
        try cursor.skip(2)
        let count = try cursor.number(2)
        try cursor.skip(16)
        var children: [UInt64] = []
        for _ in 0..<count {
          try cursor.skip(8)
          children.append(try cursor.number(8))
        }
        nodes += children.reversed()
      }
    }
    return found
  }

  /// A name that ends with 0.
  private func text(_ address: UInt64) throws -> String {
    let (start, overflow) = base.addingReportingOverflow(address)
    guard !overflow else { throw file.damaged("an address beyond its end") }
    return String(decoding: try file.upTo(256, at: start).prefix { $0 != 0 }, as: UTF8.self)
  }

  /// A hard link (IV.A.2.g); nil for another.
  private func link(_ message: Message) throws -> (name: String, address: UInt64)? {
    var cursor = HeaderCursor(file, at: message.place, end: message.place + message.size)
    try cursor.skip(1)
    let flags = try cursor.byte()
    let kind = flags & 8 != 0 ? try cursor.byte() : 0
    try cursor.skip((flags & 4 != 0 ? 8 : 0) + (flags & 0x10 != 0 ? 1 : 0))
    let length = try cursor.count(1 << Int(flags & 3), limit: 1 << 16, "bytes in a name")
    let name = try cursor.text(length)
    return kind == 0 ? (name, try cursor.number(8)) : nil
  }

  // MARK: Datasets

  /// A dataset has a dataspace (IV.A.2.b), a type (IV.A.2.d) and a layout.
  private func dataset(_ name: String, _ messages: [Message]) throws -> ModelDescription.Tensor? {
    guard let space = messages.first(where: { $0.type == 1 }), let type = messages.first(where: { $0.type == 3 }),
      messages.contains(where: { $0.type == 8 })
    else { return nil }
    var cursor = HeaderCursor(file, at: space.place)
    let version = try cursor.byte()
    let rank = try cursor.count(1, limit: 32, "dimensions in a dataset")
    try cursor.skip(version == 1 ? 6 : 2)
    let shape = try (0..<rank).map { _ in try cursor.number(8) }
    var kind = HeaderCursor(file, at: type.place)
    let first = try kind.byte()
    let bits = try kind.number(3)
    let size = try kind.number(4)
    let tensor = ModelDescription.Tensor(name: name, type: "", shape: shape, bytes: 0)
    let (bytes, overflow) = tensor.elements.multipliedReportingOverflow(by: size)
    return ModelDescription.Tensor(
      name: name, type: HDF5Listing.name(first & 15, size, bits: bits), shape: shape, bytes: overflow ? .max : bytes)
  }

  private static func name(_ kind: UInt8, _ size: UInt64, bits: UInt64) -> String {
    switch kind {
    case 0: (bits & 8 != 0 ? "int" : "uint") + "\(size &* 8)"
    case 1: "float\(size &* 8)"
    case 3, 9: "text"
    default: "type \(kind) of \(size) bytes"
    }
  }
}
