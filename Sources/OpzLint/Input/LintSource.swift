import OpzYAML

/// An input, divided into batches of documents that are read in parallel.
struct LintSource: Sendable {
  struct Batch: Sendable {
    let stream: YAMLStream
    let parts: Range<Int>
    let file: String

    func read() -> (objects: [LintObject], findings: [Finding]) {
      var (objects, findings) = ([LintObject](), [Finding]())
      for part in stream.parts[parts] {
        do throws(YAMLProblem) {
          for root in try YAMLReader.read(stream.text(part), .manifests, lines: part.lines) {
            objects += LintObject.all(in: root, file: file)
          }
        } catch {
          findings.append(UnreadableText.finding(error, file: file))
        }
      }
      return (objects, findings)
    }
  }

  private static let batch = 16

  let batches: [Batch]
  let findings: [Finding]
  let allowances: [Allowance]

  init(_ input: LintInput) {
    guard !HelmTemplate.isTemplate(input.bytes) else {
      (batches, findings, allowances) = ([], [HelmTemplateFile.finding(input.name)], [])
      return
    }
    do throws(YAMLProblem) {
      let stream = try YAMLStream(input.bytes)
      let count = stream.parts.count
      batches = stride(from: 0, to: count, by: LintSource.batch).map {
        Batch(stream: stream, parts: $0..<min(count, $0 + LintSource.batch), file: input.name)
      }
      findings = []
      allowances = AllowanceComments.all(in: stream, file: input.name)
    } catch {
      (batches, findings, allowances) = ([], [UnreadableText.finding(error, file: input.name)], [])
    }
  }
}
