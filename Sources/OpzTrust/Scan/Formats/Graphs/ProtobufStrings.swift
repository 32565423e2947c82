import OpzIO
import OpzJSON

/// JSON documents that are strings in a message: `keras_metadata.pb` and a SavedModel's object graph contain the
/// configurations of Keras layers.
enum ProtobufStrings {
  private static let depth = 16
  private static let maximumCount = 2_000_000

  /// Checks each string that begins like a JSON object, at any depth.
  static func check(_ window: BlobWindow, _ findings: inout DocumentFindings) throws {
    var waiting: [(range: Range<UInt64>, depth: Int)] = [(0..<window.size, 0)]
    var budget = maximumCount
    while let (range, depth) = waiting.popLast() {
      var message = ProtobufMessage(window, range)
      var parts: [Range<UInt64>] = []
      do {
        while let (_, value) = try message.next() {
          budget -= 1
          guard budget > 0 else {
            return findings.add(
              .unread, .error, text: "more than \(maximumCount) message fields that may contain configurations")
          }
          if case .bytes(let part) = value, part.upperBound - part.lowerBound >= 8 { parts.append(part) }
        }
      } catch is ProtobufMessage.Broken {
        continue
      }
      for part in parts {
        if try window.byte(at: part.lowerBound) == UInt8(ascii: "{") {
          try text(part, window, findings: &findings)
        } else if depth < ProtobufStrings.depth {
          waiting.append((part, depth + 1))
        }
      }
    }
  }

  private static func text(_ range: Range<UInt64>, _ window: BlobWindow, findings: inout DocumentFindings) throws {
    let size = range.upperBound - range.lowerBound
    guard size <= 16 << 20 else {
      return findings.add(.unread, .error, text: "a configuration of \(size) bytes in a message was not scanned")
    }
    let bytes = try window.part(range).bytes()
    guard CodeNames.contained(in: bytes) else { return }
    do {
      DocumentChecks.check(try JSONValue(json: bytes, options: JSONOptions(nonFinite: .all)), &findings)
    } catch {
      guard bytes.contains(text: "class_name") else { return }
      findings.add(.unread, .error, text: "a configuration in it cannot be read: \(error)")
    }
  }
}
