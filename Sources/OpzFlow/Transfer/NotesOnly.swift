import OpzIO

/// Forwards notes and drops byte counts. A copy between registries counts its bytes once, at the destination.
struct NotesOnly: ProgressSink {
  let sink: any ProgressSink

  func report(_ event: ProgressEvent) {
    if case .note = event { sink.report(event) }
  }
}
