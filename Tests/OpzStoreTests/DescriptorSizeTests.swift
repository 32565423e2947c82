import OpzIO
import OpzOCI
import OpzStore
import OpzTestKit
import Testing

@Suite("A size that is wrong")
struct DescriptorSizeTests {
  private let directory: TemporaryDirectory
  private let store: LayoutStore
  private let right: Descriptor

  init() throws {
    directory = try TemporaryDirectory()
    store = try LayoutStore.create(directory.path.appending("layout"))
    right = try store.put(Array("a layer".utf8), .imageConfig)
  }

  @Test("where the content is right, the descriptor is named as wrong", arguments: [0, 1, 6, 8, 1 << 40] as [UInt64])
  func descriptor(size: UInt64) async throws {
    var wrong = right
    wrong.size = size
    let inFile = #expect(throws: StoreError.self) { try store.file(wrong) }
    let inMemory = #expect(throws: StoreError.self) { try Verification.check(Array("a layer".utf8), against: wrong) }
    for error in [inFile, inMemory] {
      let text = "\(error.map { "\($0)" } ?? "")"
      #expect(text.contains("its descriptor (\(MediaType.imageConfig), \(right.digest.short)) says \(size)"), "\(text)")
      #expect(!text.contains("damaged"), "\(text)")
    }
  }

  @Test("where the file was changed, the file is named as damaged")
  func file() throws {
    let path = store.path(of: right.digest)
    try Durable.remove(path)
    try Durable.replace(path, with: Array("a lay".utf8))
    let error = #expect(throws: StoreError.self) { try store.file(right) }
    #expect(error?.hint?.contains("damaged") == true && error?.subject == path.string)
  }
}
