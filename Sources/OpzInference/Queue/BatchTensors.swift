/// Rows of several requests as one request, and its outputs as theirs.
package enum BatchTensors {
  /// One request for all; the requests have to mix.
  package static func join(_ requests: [RemoteRequest]) -> RemoteRequest {
    guard let first = requests.first, requests.count > 1 else { return requests[0] }
    var joined = RemoteRequest(
      ids: requests.flatMap(\.ids),
      inputs: first.inputs.indices.map { index in join(requests.map { $0.inputs[index] }) })
    joined.outputs = first.outputs
    joined.parameters = first.parameters
    return joined
  }

  private static func join(_ parts: [RawTensor]) -> RawTensor {
    var whole = parts[0]
    whole.bytes.reserveCapacity(parts.reduce(0) { $0 + $1.bytes.count })
    for part in parts.dropFirst() {
      let before = whole.count
      whole.bytes += part.bytes
      whole.missing += part.missing.map { $0 + before }
      whole.shape[0] += part.shape[0]
    }
    return whole
  }

  /// The outputs of each request.
  /// - Parameter rows: the rows of each request, in the order in which they were joined.
  /// - Returns: nil where an output has not the rows of all of them.
  package static func split(_ outputs: [RawTensor], rows: [Int]) -> [[RawTensor]]? {
    let total = rows.reduce(0, +)
    var parts = [[RawTensor]](repeating: [], count: rows.count)
    for output in outputs {
      guard output.shape.first == total, let pieces = split(output, rows) else { return nil }
      for (index, piece) in pieces.enumerated() { parts[index].append(piece) }
    }
    return parts
  }

  private static func split(_ output: RawTensor, _ rows: [Int]) -> [RawTensor]? {
    let width = output.shape.dropFirst().reduce(1) { $0.times($1) }
    var pieces: [RawTensor] = []
    var (byte, element, missing) = (0, 0, output.missing[...])
    for count in rows {
      let elements = count.times(width)
      guard let end = output.end(of: elements, from: byte) else { return nil }
      var piece = RawTensor(
        output.name, output.datatype, shape: [count] + output.shape.dropFirst(), bytes: Array(output.bytes[byte..<end]))
      while let position = missing.first, position < element + elements {
        piece.missing.append(position - element)
        missing.removeFirst()
      }
      pieces.append(piece)
      byte = end
      element += elements
    }
    return pieces
  }
}

extension RawTensor {
  /// Elements by the shape.
  package var count: Int { shape.reduce(1) { $0.times($1) } }

  /// Whether `bytes` is what the shape says, and `missing` are positions in order.
  package var isWhole: Bool {
    guard !shape.isEmpty, shape.allSatisfy({ $0 >= 0 }), end(of: count, from: 0) == bytes.count else { return false }
    return zip(missing, missing.dropFirst()).allSatisfy { $0 < $1 } && missing.first.map { $0 >= 0 } ?? true
      && missing.last.map { $0 < count } ?? true
  }

  /// The position after so many elements; nil where the bytes end before.
  func end(of elements: Int, from start: Int) -> Int? {
    if let size = datatype.size {
      let end = start.plus(elements.times(size))
      return end <= bytes.count ? end : nil
    }
    // Each text takes four bytes at least, which bounds the loop.
    guard elements <= bytes.count / 4 else { return nil }
    return bytes.withUnsafeBytes { bytes in
      var position = start
      for _ in 0..<elements {
        guard bytes.count - position >= 4 else { return nil }
        let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
        guard length <= bytes.count - position - 4 else { return nil }
        position += 4 + length
      }
      return position
    }
  }
}
