import Foundation
import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzArchive

/// Files that real libraries wrote, unpacked.
private struct Files {
  let directory: TemporaryDirectory
  var path: FilePath { directory.path }

  /// `scripts/make-header-fixtures` made the archive.
  init() throws {
    directory = try TemporaryDirectory()
    let archive = PackageRoot.path(#filePath).appending("Tests/OpzFormatsTests/Fixtures/headers.tar.zst")
    let reader = try TarReader(StoredLayer(try FileBlob(archive), .zstd, name: "headers"))
    while let header = try reader.next() {
      var bytes: [UInt8] = []
      try reader.forEachChunk { bytes.append(contentsOf: $0) }
      let name = header.path.string
      guard !name.hasSuffix("/"), !bytes.isEmpty else { continue }
      try write(name, bytes)
    }
  }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    let place = path.appending(name)
    try Durable.makeDirectory(place.removingLastComponent())
    try Data(bytes).write(to: URL(fileURLWithPath: place.string))
  }

  func describe(_ name: String) throws -> ModelDescription? {
    guard case .description(let found) = try ModelFormats.standard.inspect(path.appending(name), ModelDescriber())
    else { return nil }
    return found
  }
}

extension ModelDescription {
  fileprivate func row(_ name: String) -> String? { rows.first { $0.name == name }?.value }
  fileprivate func tensor(_ name: String) -> Tensor? { tensors.first { $0.name == name } }
}

@Suite("What files are that are not scored")
struct DescribeTests {
  @Test("safetensors: tensors, types, parameters, metadata")
  func safetensors() throws {
    let found = try #require(try Files().describe("model.safetensors"))
    #expect(found.kind == "safetensors" && found.parameters == 33 && found.row("metadata: format") == "np")
    let weight = try #require(found.tensor("encoder.weight"))
    #expect(weight.type == "F32" && weight.shape == [6, 4] && weight.bytes == 96)
    #expect(found.tensor("encoder.bias")?.type == "F16" && found.types.map(\.count) == [1, 1, 1])
    #expect(found.largest(1) == [weight])
  }

  @Test("a Hugging Face directory: its configuration, all its weights, and what is missing")
  func huggingFace() throws {
    let found = try #require(try Files().describe("hugging-face"))
    #expect(found.kind == "Hugging Face directory" && found.parameters == 30 && found.tensors.count == 2)
    #expect(found.row("architecture") == "LlamaForCausalLM" && found.row("vocabulary") == "32000")
    #expect(found.row("missing") == "model-00003-of-00003.safetensors" && found.row("tokenizer") == "tokenizer.json")
  }

  @Test("GGUF: keys, and tensors of quantized types")
  func gguf() throws {
    let found = try #require(try Files().describe("model.gguf"))
    #expect(found.kind == "GGUF" && found.row("architecture") == "llama" && found.row("context length") == "512")
    #expect(found.row("vocabulary") == "40" && found.row("name") == "small")
    #expect(found.tensor("token_embd.weight")?.shape == [40, 64] && found.tensor("token_embd.weight")?.bytes == 10_240)
    let output = try #require(found.tensor("output.weight"))
    #expect(output.type == "Q8_0" && output.shape == [8, 64] && output.bytes == 8 * 2 * 34)
  }

  @Test("HDF5: datasets in groups of both kinds")
  func hdf5() throws {
    let files = try Files()
    let old = try #require(try files.describe("old.h5"))
    #expect(old.kind == "Keras HDF5" && old.tensors.count == 40 && old.parameters == 3 * 40 * 41 / 2)
    #expect(old.tensor("model_weights/dense_11/kernel")?.shape == [3, 12])
    let new = try #require(try files.describe("new.h5"))
    #expect(new.tensor("layers/dense/kernel")?.type == "float64" && new.tensor("layers/dense/steps")?.shape == [])
  }

  @Test("a SavedModel: signatures and variables")
  func savedModel() throws {
    let found = try #require(try Files().describe("saved-model"))
    #expect(found.kind == "TensorFlow SavedModel" && found.row("tag") == "serve")
    #expect(found.row("signature") == "serving_default: x -> y" && found.row("TensorFlow")?.hasPrefix("2.") == true)
    let slope = try #require(found.tensors.first { $0.name.contains("slope") })
    #expect(slope.type == "float32" && slope.shape == [3, 2] && slope.bytes == 24)
    #expect(found.tensors.contains { $0.type == "int64" && $0.shape.isEmpty })
  }

  @Test("CatBoost, PMML, Treelite and MLflow say what their models are")
  func others() throws {
    let files = try Files()
    let binary = try #require(try files.describe("model.cbm"))
    #expect(binary.kind == "CatBoost" && binary.row("trees") == "5" && binary.row("loss function") == "Logloss")
    #expect(binary.row("CatBoost") == "1.2.8")
    #expect(binary.row("numeric features") == "3" && binary.row("categorical features") == "1")
    let json = try #require(try files.describe("catboost.json"))
    #expect(json.kind == "CatBoost JSON" && json.row("trees") == "5" && json.row("categorical features") == "1")
    let pmml = try #require(try files.describe("model.pmml"))
    #expect(pmml.kind == "PMML" && pmml.row("function") == "classification" && pmml.row("fields") == "4")
    let treelite = try #require(try files.describe("treelite.bin"))
    #expect(treelite.row("trees") == "4" && treelite.row("features") == "3")
    #expect(treelite.row("task") == "binary classification" && treelite.row("Treelite") == "4.4.1")
    let flow = try #require(try files.describe("mlflow"))
    #expect(flow.row("flavors") == "python_function, xgboost" && flow.row("mlflow_version") == "3.4.0")
  }

  /// The corpus of malicious and benign files, which other tests scan.
  @Test(
    "files of PyTorch, Keras and R are what their names say",
    arguments: [
      ("benign_formats", ".keras", "Keras"), ("benign_formats", ".gguf", "GGUF"), ("benign_torch", ".pt", ""),
      ("benign_torchscript", "", "TorchScript"), ("benign_r", ".rds", "R object"), ("malicious_formats", "", ""),
      ("malicious_files", "", ""), ("benign_formats", "", ""),
    ])
  func corpus(archive: String, suffix: String, kind: String) throws {
    let path = PackageRoot.path(#filePath).appending("Tests/OpzTrustTests/Fixtures/Corpus/\(archive).tar.zst")
    let reader = try TarReader(StoredLayer(try FileBlob(path), .zstd, name: archive))
    let files = try TemporaryDirectory()
    var kinds: [String: Int] = [:]
    while let header = try reader.next() {
      var bytes: [UInt8] = []
      try reader.forEachChunk { bytes.append(contentsOf: $0) }
      guard let name = header.path.lastComponent?.string, name != "index.tsv", name.hasSuffix(suffix) else { continue }
      let place = files.path.appending(name)
      try Data(bytes).write(to: URL(fileURLWithPath: place.string))
      // A damaged one is an error, and no trap.
      guard let found = try? ModelDescriber().describe(place) else { continue }
      kinds[found.kind, default: 0] += 1
      if kind == "Keras" { #expect(found.row("Keras") != nil) }
    }
    #expect(!kinds.isEmpty)
    if !kind.isEmpty { #expect(Set(kinds.keys).isSubset(of: [kind, "TorchScript"]) && kinds[kind] != nil, "\(kinds)") }
    if suffix == ".pt" { #expect(kinds["PyTorch checkpoint"] != nil, "\(kinds)") }
  }

  @Test("the header of a compressed R object is decompressed by the caller's means")
  func compressedR() throws {
    let files = try TemporaryDirectory()
    let place = files.path.appending("model.rds")
    try Data([0x1f, 0x8b, 8, 0]).write(to: URL(fileURLWithPath: place.string))
    let header: [UInt8] = [0x58, 10, 0, 0, 0, 3, 0, 4, 5, 1, 0, 3, 5, 0]
    let found = try ModelDescriber { _, _ in header }.describe(place)
    #expect(found?.row("written by R") == "4.5.1" && found?.row("compression") == "gzip")
    #expect(try ModelDescriber { _, _ in [1, 2, 3] + header }.describe(place) == nil)
  }

  @Test("a file of 50 GB is described from its header, and a tensor beyond the end is damage")
  func large() throws {
    let files = try Files()
    let json = "{\"w\":{\"dtype\":\"F32\",\"shape\":[12500000000],\"data_offsets\":[0,50000000000]}}"
    let place = files.path.appending("large.safetensors")
    let length = withUnsafeBytes(of: UInt64(json.utf8.count).littleEndian) { Array($0) }
    try Data(length + json.utf8).write(to: URL(fileURLWithPath: place.string))
    #expect(throws: ModelError.self) { try ModelDescriber().describe(place) }
    #expect(truncate(place.string, 50_000_000_000 + 8 + json.utf8.count) == 0)
    #expect(try files.describe("large.safetensors")?.parameters == 12_500_000_000)
  }

  @Test("a model that is scored is read, and what is unknown is an error")
  func models() throws {
    let files = try Files()
    try files.write("model.json", Array(HandMadeModel.json().utf8))
    guard
      case .model(let loaded) = try ModelFormats.standard.inspect(files.path.appending("model.json"), ModelDescriber())
    else { return #expect(Bool(false)) }
    #expect(loaded.format.name == "xgboost-json")
    try files.write("noise", [1, 2, 3])
    #expect(throws: ModelError.self) { try files.describe("noise") }
    #expect(throws: IOFailure.self) { try files.describe("none") }
  }

  @Test("changed files are described or refused, never a trap", arguments: 0..<8)
  func mutated(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let files = try Files()
    let names = [
      "model.safetensors", "model.gguf", "old.h5", "new.h5", "model.cbm", "catboost.json", "model.pmml", "treelite.bin",
      "saved-model/saved_model.pb", "saved-model/variables/variables.index", "hugging-face/config.json",
      "hugging-face/model.safetensors.index.json", "mlflow/MLmodel",
    ]
    for name in names {
      let original = try FileBlob(files.path.appending(name)).bytes()
      for _ in 0..<12 {
        var bytes = original
        for _ in 0...Int.random(in: 0..<6, using: &random) {
          let place = Int.random(in: 0..<min(bytes.count, 2000), using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
          case 1: bytes[place] = [0xff, 0x7f, 0x80, 0].randomElement(using: &random) ?? 0
          case 2: for index in place..<min(bytes.count, place + 8) { bytes[index] = 0xff }
          default: bytes.removeLast(min(bytes.count - 1, Int.random(in: 0..<40, using: &random)))
          }
        }
        try files.write(name, bytes)
        let directory = name.split(separator: "/").first.map(String.init) ?? name
        _ = try? ModelDescriber().describe(files.path.appending(name.contains("/") ? directory : name))
      }
      try files.write(name, original)
    }
  }
}
