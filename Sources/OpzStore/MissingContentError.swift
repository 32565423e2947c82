/// An error with which a store can report that it lacks content a document refers to, although it accepted it:
/// replicated registries do this occasionally.
public protocol MissingContentError: Error {
  var isAboutMissingContent: Bool { get }
}
