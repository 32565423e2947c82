/// An error of a source that has put the one aside that caused it, so that the same content may be had when it is asked
/// once more.
public protocol OtherSourceError: Error {
  /// Whether to ask again. It must not stay true for ever.
  var hasOtherSource: Bool { get }
}
