/// A decoded `POST ../infer` request, checked against the protocol but not yet against the model.
struct InferenceRequest {
  var id: String?
  var inputs: [InputTensor] = []
  /// Names of the requested outputs; nil for all.
  var outputs: [String]?
}
