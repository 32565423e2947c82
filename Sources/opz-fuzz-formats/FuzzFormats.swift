// A target of libFuzzer (llvm.org/docs/LibFuzzer.html), for scripts/torture-formats fuzz: any bytes are read as a model and
// scored, or described, without a trap. What no fuzzer finds by chance (lengths, checksums) is in its first corpus.

import Glibc
import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import SystemPackage

/// Reads one input.
/// - Returns: 0, as libFuzzer asks for.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  switch try? ModelExercise.run(bytes, name: "model") {
  case .differs(let text): fatalError("the scorers differ: \(text)")
  case nil: fatalError("an error that is no refusal")
  case .refused, .scored: break
  }
  describe(bytes)
  return 0
}

private let place = FilePath("/dev/shm/opz-fuzz-\(getpid())")
private let file = open(place.string, O_RDWR | O_CREAT | O_TRUNC, 0o600)

private func describe(_ bytes: [UInt8]) {
  ftruncate(file, 0)
  pwrite(file, bytes, bytes.count, 0)
  do { _ = try ModelDescriber().describe(place) } catch is ModelError {} catch is IOFailure {} catch {
    fatalError("an error that is no refusal: \(error)")
  }
}
