package import NIOCore

extension ByteBuffer {
  /// Appends a piece. What was read before takes no memory then: a buffer that is only written to keeps all that went
  /// through it.
  package mutating func append(_ piece: inout ByteBuffer) {
    guard readableBytes > 0 else {
      self = piece
      return
    }
    discardReadBytes()
    writeBuffer(&piece)
  }
}
