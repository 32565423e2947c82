/// What `POST ../infer` asks, read and checked against the protocol but not yet against the model.
struct InferenceRequest {
  var id: String?
  var inputs: [InputTensor] = []
  /// Names of the outputs that it asks for; nil for all.
  var outputs: [String]?
}
