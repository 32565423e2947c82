import OpzIO

/// TensorFlow Lite models: custom operators, and those of TensorFlow itself (Flex).
///
/// Source: tensorflow/lite/schema/schema.fbs, and FlatBuffers' binary format.
struct TensorFlowLiteScanner: FormatScanner {
  let name = "TensorFlow Lite models"

  private struct Broken: Error {}

  func recognizes(_ file: ScannedFile) -> Bool {
    file.head.count >= 8 && file.head[4..<8].elementsEqual("TFL3".utf8) || file.suffix == "tflite"
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    var findings = DocumentFindings(scanner.allowlist)
    do {
      for name in try operators(BlobWindow(file.blob)).sorted() { check(name, &findings) }
    } catch is Broken {
      findings.add(.unread, .error, text: "its operators cannot be read")
    } catch is BlobWindow.PastEnd {
      findings.add(.unread, .error, text: "its operators cannot be read: it is cut short")
    }
    scanner.add(findings, file)
  }

  private func check(_ name: String, _ findings: inout DocumentFindings) {
    if findings.isAllowedByUser("tensorflow", name) || TensorFlowLiteScanner.own.contains(name) { return }
    let flex = name.hasPrefix("Flex") ? String(name.dropFirst(4)) : nil
    if let flex, TensorFlowOperators.dangerous.contains(Substring(flex)) {
      findings.add(
        .operatorCode, .error, text: "the graph has the operator \(flex), which \(TensorFlowOperators.effect(of: flex))"
      )
    } else if flex.map(TensorFlowOperators.isKnown) != true {
      findings.add(
        .operatorCode, .error,
        text:
          "the graph has the operator \(DocumentFindings.shown(name)), which is not part of TensorFlow and needs a custom library"
      )
    }
  }

  /// Custom operators that come with MediaPipe and TensorFlow.
  private static let own: Set<String> = [
    "TFLite_Detection_PostProcess", "AudioSpectrogram", "Mfcc", "AudioMicrofrontend", "Convolution2DTransposeBias",
    "MaxPoolingWithArgmax2D", "MaxUnpooling2D", "TransformTensorBilinear", "Landmarks2TransformMatrix", "RandomUniform",
    "RandomStandardNormal", "Multinomial", "Irfft2d", "Atan2", "Sign", "NumericVerify", "aeq.hadamard_rotation",
    "stablehlo.composite", "odml.update_kv_cache", "odml.scaled_dot_product_attention",
  ]

  /// The names of custom operators, which have no number (`Model.operator_codes[].custom_code`).
  private func operators(_ window: BlobWindow) throws -> Set<String> {
    let root = try window.number(at: 0, 4)
    guard let codes = try field(1, root, window: window) else { return [] }
    let count = try window.number(at: codes, 4)
    guard count <= 100_000 else { throw Broken() }
    var found: Set<String> = []
    for index in 0..<count {
      let place = codes + 4 + index * 4
      let table = place + (try window.number(at: place, 4))
      guard let text = try field(1, table, window: window) else { continue }
      let length = try window.number(at: text, 4)
      guard length <= 1 << 16 else { throw Broken() }
      found.insert(String(decoding: try window.bytes(at: text + 4, Int(length)), as: UTF8.self))
    }
    return found
  }

  /// Follows the offset in a field of a table; nil if the table does not have the field.
  private func field(_ index: UInt64, _ table: UInt64, window: BlobWindow) throws -> UInt64? {
    let offset = Int32(truncatingIfNeeded: try window.number(at: table, 4))
    let place = Int64(clamping: table) - Int64(offset)
    guard place >= 0 else { throw Broken() }
    let entries = UInt64(place)
    guard try window.number(at: entries, 2) >= 6 + index * 2 else { return nil }
    let inside = try window.number(at: entries + 4 + index * 2, 2)
    guard inside > 0 else { return nil }
    return table + inside + (try window.number(at: table + inside, 4))
  }
}
