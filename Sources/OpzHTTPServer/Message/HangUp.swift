/// The end of a connection without another word.
public struct HangUp: Error, Sendable {
  /// With a reset (RST) in place of an orderly end.
  public var resets: Bool

  /// Creates an error that makes the server close the connection, with a reset (RST) if `resets`.
  public init(resets: Bool = false) { self.resets = resets }
}
