/// An error with which a store can report that it lacks content a document refers to, although it accepted it:
/// replicated registries do this occasionally.
public protocol MissingContentError: Error {
  var isAboutMissingContent: Bool { get }

  /// Whether a document that was refused with it may be accepted after others: some registries want a subject to be
  /// there before what refers to it.
  var mayDependOnOrder: Bool { get }
}
