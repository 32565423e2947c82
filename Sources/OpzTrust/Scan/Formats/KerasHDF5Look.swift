import OpzIO

/// Keras models in HDF5, whose configuration is a text somewhere in the file.
struct KerasHDF5Look: FormatLook {
  let name = "Keras models in HDF5"

  func recognizes(_ file: ScannedFile) -> Bool { file.head.starts(with: [0x89] + Array("HDF".utf8)) }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) throws {
    let text = #""class_name": "Lambda""#
    var last: [UInt8] = []
    var isThere = false
    try file.blob.forEachChunk { chunk in
      let piece = last + Array(chunk)
      isThere = isThere || piece.contains(text: text)
      last = Array(piece.suffix(text.utf8.count))
    }
    if isThere {
      scanner.add(.kerasCode, .error, file, "a Lambda layer is code that runs when the model is loaded")
    }
  }
}
