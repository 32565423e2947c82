import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The pipes between the server and one worker.
struct WorkerPipes {
  let out: (read: Descriptor, write: Descriptor)
  let err: (read: Descriptor, write: Descriptor)
  /// What the server asks.
  let input: (read: Descriptor, write: Descriptor)
  /// What the worker answers.
  let output: (read: Descriptor, write: Descriptor)

  /// - Parameter takesDescriptors: whether descriptors are to be sent with what is asked.
  /// - Throws: `WorkerFailure` when the process has no descriptor left.
  init(_ name: String, takesDescriptors: Bool = false) throws {
    guard let out = Descriptor.pipe(), let err = Descriptor.pipe(), let output = Descriptor.pipe(),
      let input = takesDescriptors ? Descriptor.sockets().map({ (read: $0.other, write: $0.own) }) : Descriptor.pipe()
    else { throw WorkerFailure(.start, name, reason: IOFailure.text(of: errno)) }
    (self.out, self.err, self.input, self.output) = (out, err, input, output)
  }

  /// What becomes descriptors 1 to 4 of the worker.
  var ofWorker: [Int32] { [out.write, err.write, input.read, output.write].map(\.number) }

  /// Closes this process's copies of the worker's ends.
  func closeWorkerEnds() { for end in [out.write, err.write, input.read, output.write] { end.close() } }
}
