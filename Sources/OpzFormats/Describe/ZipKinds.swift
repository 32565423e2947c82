import OpzJSON
import OpzModel

/// The members of a zip archive, from its central directory (APPNOTE.TXT 6.3.10, 4.3.12 to 4.3.16). For a description
/// only: whoever loads members uses OpzArchive's reader, in which two readers cannot see different members.
struct ZipListing {
  struct Member {
    let name: String
    let size: UInt64
    let isStored: Bool
    fileprivate let header: UInt64
  }

  let members: [Member]
  private let file: HeaderFile

  /// Nil for a file without the end of a central directory.
  init?(_ file: HeaderFile) throws {
    self.file = file
    // The end record has 22 bytes and a comment of up to 65,535.
    let tailStart = file.size > 65_557 ? file.size - 65_557 : 0
    let tail = try file.upTo(65_557, at: tailStart)
    guard tail.count >= 22,
      let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: {
        tail[$0..<($0 + 4)].elementsEqual([0x50, 0x4b, 5, 6])
      })
    else { return nil }
    func number(_ offset: Int, _ width: Int) -> UInt64 {
      tail[(end + offset)..<(end + offset + width)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    var (count, start) = (number(10, 2), number(16, 4))
    if count == 0xffff || start == 0xffff_ffff, end >= 20, tail[end - 20] == 0x50, tail[end - 17] == 7 {
      var locator = HeaderCursor(file, at: tailStart + UInt64(end - 12))
      var record = HeaderCursor(file, at: try locator.number(8))
      try record.skip(32)
      count = try record.number(8)
      try record.skip(8)
      start = try record.number(8)
    }
    guard count <= 1 << 20 else { throw file.damaged("it has \(count) members") }
    var cursor = HeaderCursor(file, at: start)
    members = try (0..<count).map { _ in try ZipListing.member(&cursor) }
  }

  private static func member(_ cursor: inout HeaderCursor) throws -> Member {
    guard try cursor.number(4) == 0x0201_4b50 else { throw cursor.file.damaged("its list of members is damaged") }
    try cursor.skip(6)
    let method = try cursor.number(2)
    try cursor.skip(12)
    var size = try cursor.number(4)
    let (nameLength, extraLength, commentLength) = (try cursor.number(2), try cursor.number(2), try cursor.number(2))
    try cursor.skip(8)
    var header = try cursor.number(4)
    let name = try cursor.text(Int(nameLength))
    // Of the zip64 field, only what the short fields leave out is there.
    var extra = ArraySlice(try cursor.take(Int(extraLength)))
    while extra.count >= 4 {
      let fields = Array(extra)
      let (id, length) = (Int(fields[0]) | Int(fields[1]) << 8, Int(fields[2]) | Int(fields[3]) << 8)
      guard length <= fields.count - 4 else { break }
      if id == 1 {
        var values = stride(from: 4, through: 4 + length - 8, by: 8).map { place in
          fields[place..<(place + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }[...]
        if size == 0xffff_ffff { size = values.popFirst() ?? size }
        if header == 0xffff_ffff { header = values.last ?? header }
      }
      extra = fields[(4 + length)...]
    }
    try cursor.skip(commentLength)
    return Member(name: name, size: size, isStored: method == 0, header: header)
  }

  /// Where the bytes of a stored member begin.
  func start(of member: Member) throws -> UInt64 {
    var cursor = HeaderCursor(file, at: member.header)
    guard try cursor.number(4) == 0x0403_4b50 else { throw file.damaged("the member \(member.name) is damaged") }
    try cursor.skip(22)
    let (name, extra) = (try cursor.number(2), try cursor.number(2))
    try cursor.skip(name + extra)
    return cursor.position
  }

  /// The bytes of a stored member of at most a MiB; nil for another.
  func bytes(_ name: String) throws -> [UInt8]? {
    guard let member = members.first(where: { $0.name == name }), member.isStored, member.size <= 1 << 20 else {
      return nil
    }
    return try file.bytes(at: try start(of: member), Int(member.size))
  }
}

/// Zip archives by the names of their members: PyTorch's, TorchScript's, exported programs, Keras's.
enum ZipKinds {
  static let recognizer = ModelDescriber.Recognizer(
    matches: { header, _ in header.starts(with: [0x50, 0x4b, 3, 4]) },
    describe: { file, _ in
      guard let zip = try ZipListing(file) else { throw file.damaged("a zip archive without its end: it is cut off") }
      return try keras(file, zip) ?? torch(file, zip) ?? archive(file, zip)
    })

  /// `archive/data.pkl` says what the tensors are, and a pickle is not loaded here: `archive/data/N` are their bytes.
  private static func torch(_ file: HeaderFile, _ zip: ZipListing) throws -> ModelDescription? {
    let names = zip.members.map(\.name)
    func has(_ end: String) -> Bool { names.contains { $0.hasSuffix(end) } }
    let isExport = has("/archive_format") || has("serialized_exported_program.json") || has("models/model.json")
    guard isExport || has("/data.pkl") || has("/constants.pkl") else { return nil }
    let storages = zip.members.filter { $0.name.contains("/data/") && !$0.name.hasSuffix("/") }
    let rows = [
      ModelDescription.Row("members", "\(names.count)"),
      ModelDescription.Row("tensor storages", "\(storages.count)"),
      ModelDescription.Row("bytes of storages", "\(storages.reduce(0) { $0 &+ $1.size })"),
    ]
    let python = "runtime: {kind: python} with torch"
    if isExport {
      return ModelDescription(
        "PyTorch exported program (pt2)", bytes: file.size, rows: rows, loadedBy: "torch.export.load", runtime: python)
    }
    if has("/constants.pkl") || names.contains(where: { $0.contains("/code/") }) {
      return ModelDescription(
        "TorchScript", bytes: file.size, rows: rows, loadedBy: "torch.jit.load", runtime: python)
    }
    let warning = ModelDescription.Row("pickle", "has the names and shapes; opz never loads it: see opz scan")
    return ModelDescription(
      "PyTorch checkpoint", bytes: file.size, rows: rows + [warning],
      loadedBy: "torch.load(weights_only=True) for a state dict", runtime: python)
  }

  private static func keras(_ file: HeaderFile, _ zip: ZipListing) throws -> ModelDescription? {
    let names = Set(zip.members.map(\.name))
    guard names.contains("config.json"), names.contains("metadata.json") else { return nil }
    var rows: [ModelDescription.Row] = []
    let metadata = try? zip.bytes("metadata.json").map { try JSONValue(json: $0) }
    if let version = metadata?["keras_version"]?.string { rows.append(ModelDescription.Row("Keras", version)) }
    let config = try? zip.bytes("config.json").map { try JSONValue(json: $0) }
    if let name = config?["class_name"]?.string { rows.append(ModelDescription.Row("class", name)) }
    if let layers = config?["config"]?["layers"]?.array {
      rows.append(ModelDescription.Row("layers", "\(layers.count)"))
    }
    var tensors: [ModelDescription.Tensor] = []
    if let weights = zip.members.first(where: { $0.name == "model.weights.h5" }), weights.isStored {
      tensors = try HDF5Listing(file, at: try zip.start(of: weights)).tensors()
    }
    return ModelDescription(
      "Keras", bytes: file.size, rows: rows, tensors: tensors, loadedBy: "keras.saving.load_model",
      runtime: "runtime: {kind: python} with keras and its backend")
  }

  private static func archive(_ file: HeaderFile, _ zip: ZipListing) -> ModelDescription {
    let rows = zip.members.prefix(8).map { ModelDescription.Row("member", $0.name) }
    return ModelDescription(
      "zip archive", bytes: file.size, rows: [ModelDescription.Row("members", "\(zip.members.count)")] + rows,
      loadedBy: "the program that wrote it", runtime: "runtime: {kind: custom}")
  }
}
