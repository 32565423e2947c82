/// An error by which a store may say that it lacks what a document names, although it was put: registries with replicas do, now and then.
public protocol MissingContentError: Error {
  var isAboutMissingContent: Bool { get }
}
