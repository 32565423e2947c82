/// A model outside of this process, such as a pool of worker processes.
public protocol RemotePredictor: Sendable {
  /// The protocol's `platform`.
  var platform: String { get }
  /// The inputs; empty if nothing is known about them, and then any are passed on.
  var inputs: [TensorSpec] { get }
  /// The outputs; empty if nothing is known about them.
  var outputs: [TensorSpec] { get }
  /// Whether requests are answered now; readiness says the same.
  var isReady: Bool { get }

  /// Computes the outputs of one request.
  /// - Returns: the outputs, in the order in which they were requested.
  /// - Throws: `RequestFailure` for a request that is refused, cannot be answered in time, or fails.
  func predict(_ request: RemoteRequest) async throws -> [RawTensor]
}

/// One request to a `RemotePredictor`, checked against the protocol and the inputs that are known.
public struct RemoteRequest: Sendable {
  /// The ids by which logs know it.
  public var ids: [String]
  public var inputs: [RawTensor]
  /// Names of the requested outputs; nil for all.
  public var outputs: [String]?
  /// The request's own parameters as a JSON object, passed on as they came; nil for none.
  public var parameters: [UInt8]?
  /// After this the answer is of no use; nil for no limit.
  public var deadline: ContinuousClock.Instant?

  /// Creates a request for all outputs, without parameters or a deadline.
  public init(ids: [String] = [], inputs: [RawTensor]) {
    self.ids = ids
    self.inputs = inputs
  }
}
