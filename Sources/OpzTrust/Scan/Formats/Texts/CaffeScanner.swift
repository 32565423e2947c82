import OpzIO

/// Caffe networks as text: a layer may be a Python class.
struct CaffeScanner: FormatScanner {
  let name = "Caffe networks"

  func recognizes(_ file: ScannedFile) -> Bool { file.suffix == "prototxt" }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    guard file.blob.size <= 64 << 20 else {
      return scanner.add(.unread, .error, file: file, text: "a network of more than 64 MiB was not scanned")
    }
    let bytes = try file.blob.bytes()
    if bytes.contains(text: "python_param") || bytes.contains(text: "\"Python\"") || bytes.contains(text: "'Python'") {
      scanner.add(.operatorCode, .error, file: file, text: "it has a layer that is a Python class")
    }
  }
}
