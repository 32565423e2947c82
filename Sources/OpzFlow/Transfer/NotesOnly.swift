import OpzIO

/// Passes on what is said to people, and no counts: of a copy from one registry to another the bytes are counted once, where they arrive.
struct NotesOnly: ProgressSink {
  let sink: any ProgressSink

  func report(_ event: ProgressEvent) {
    if case .note = event { sink.report(event) }
  }
}
