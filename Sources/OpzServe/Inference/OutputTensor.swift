/// One output of an inference response, FP32.
struct OutputTensor {
  let name: String
  let shape: [Int]
  /// Row-major.
  let values: [Float]
}
