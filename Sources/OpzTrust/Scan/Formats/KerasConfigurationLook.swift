import OpzIO
import OpzJSON

/// The configuration of a Keras model: which classes are made when it is loaded.
struct KerasConfigurationLook: FormatLook {
  let name = "Keras models"

  private static let limit: UInt64 = 16 << 20

  func recognizes(_ file: ScannedFile) -> Bool { file.name == "config.json" }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) throws {
    guard file.blob.size <= KerasConfigurationLook.limit else { return }
    let bytes = try file.blob.bytes()
    let document: JSONValue
    do {
      document = try JSONValue(json: bytes, options: JSONOptions(nonFinite: .all))
    } catch let failure as JSONFailure {
      // Keras's own reader takes the last of two keys, and nests as deep as Python can.
      if failure.kind != .syntax, bytes.contains(text: "class_name") || bytes.contains(text: "\\u") {
        scanner.add(
          .kerasCode, .error, file, "it may be a Keras model, and what it makes cannot be seen: \(failure)")
      }
      return
    }
    guard case .object(let root) = document, root["class_name"] != nil, root["config"] != nil else { return }
    look(into: document, file, &scanner)
  }

  private func look(into document: JSONValue, _ file: ScannedFile, _ scanner: inout FileScanner) {
    var waiting = [document]
    var seen: Set<String> = []
    while let value = waiting.popLast() {
      switch value {
      case .array(let items): waiting += items
      case .object(let members):
        waiting += Array(members.values)
        guard case .string(let name)? = members["class_name"] else { continue }
        if name == "Lambda" || name == "__lambda__", seen.insert(name).inserted {
          scanner.add(.kerasCode, .error, file, "\(name) is code that runs when the model is loaded")
        }
        guard case .string(let module)? = members["module"] else { continue }
        let top = module.prefix { $0 != "." }
        if !["keras", "tf_keras"].contains(top), !module.hasPrefix("tensorflow.keras"), module != "builtins",
          !scanner.allowlist.allows(PickleGlobal(module: module, name: name)), seen.insert(module + name).inserted
        {
          scanner.add(
            .kerasCode, .error, file, "it makes \(module.prefix(100)).\(name.prefix(100)), which is not Keras's own")
        }
      default: break
      }
    }
  }
}
