/// A tensor as the protocol's binary tensor data extension writes it: what a predictor outside of this process gets and
/// gives, whatever dialect the client spoke.
public struct RawTensor: Sendable, Equatable {
  public var name: String
  public var datatype: Datatype
  /// The size of each dimension, rows first.
  public var shape: [Int]
  /// Row-major and little-endian, without padding; BOOL is a byte, an element of BYTES is its length in four bytes and
  /// then its bytes.
  public var bytes: [UInt8]
  /// Row-major positions, ascending, of missing elements whose datatype has no NaN; in `bytes` they are zero or empty.
  public var missing: [Int]

  /// Creates a tensor; the caller answers for the length of `bytes`.
  public init(_ name: String, _ datatype: Datatype, shape: [Int], bytes: [UInt8], missing: [Int] = []) {
    self.name = name
    self.datatype = datatype
    self.shape = shape
    self.bytes = bytes
    self.missing = missing
  }
}

/// What is known of an input or output of a model: its metadata.
public struct TensorSpec: Sendable, Equatable {
  public var name: String
  public var datatype: Datatype
  /// The size of each dimension, rows first; -1 for any.
  public var shape: [Int]
  /// The texts that an input may have; nil for any.
  public var categories: [String]?
  /// The least and greatest number that an input may have; nil for no limit.
  public var range: ClosedRange<Double>?
  /// Whether an input may be missing.
  public var maybeMissing: Bool

  /// Creates the description of a tensor of one value a row, unless its shape says otherwise.
  public init(
    _ name: String, _ datatype: Datatype, shape: [Int] = [-1], categories: [String]? = nil,
    range: ClosedRange<Double>? = nil, maybeMissing: Bool = true
  ) {
    self.name = name
    self.datatype = datatype
    self.shape = shape
    self.categories = categories
    self.range = range
    self.maybeMissing = maybeMissing
  }
}
