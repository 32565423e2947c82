/// TensorFlow operators that do more than compute.
///
/// A graph is a program: "TensorFlow models are programs" (TensorFlow's SECURITY.md). These operators read and write
/// files, use the network or call Python, as the graph tells them.
enum TensorFlowOperators {
  /// What the operator does, to end a sentence: `calls Python`.
  static func effect(of name: String) -> String {
    if python.contains(Substring(name)) { return "calls Python" }
    if writers.contains(Substring(name)) { return "writes files" }
    if readers.contains(Substring(name)) { return "reads files" }
    if native.contains(Substring(name)) { return "calls native code" }
    return "uses the network"
  }

  static let dangerous: Set<Substring> = python.union(writers).union(readers).union(network).union(native)

  static func isKnown(_ name: String) -> Bool { TensorFlowNames.operators.contains(Substring(name)) }

  private static let python: Set<Substring> = ["PyFunc", "PyFuncStateless", "EagerPyFunc"]

  private static let writers: Set<Substring> = [
    "WriteFile", "SaveDataset", "SaveDatasetV2", "DatasetToTFRecord", "ExperimentalDatasetToTFRecord", "DumpTensor",
    "CreateSummaryFileWriter", "CreateSummaryDbWriter", "ImportEvent", "SnapshotDataset", "SnapshotDatasetV2",
    "DistributedSave",
    "CalibrationStatisticsSaver", "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3", "DebugNanCount",
    "DebugNumericSummary", "DebugNumericSummaryV2", "WriteGraphSummary", "WriteRawProtoSummary", "Save", "SaveSlices",
  ]

  private static let readers: Set<Substring> = [
    "ReadFile", "MatchingFiles", "MatchingFilesDataset", "ExperimentalMatchingFilesDataset", "WholeFileReader",
    "WholeFileReaderV2", "TextLineReader", "TextLineReaderV2", "FixedLengthRecordReader", "FixedLengthRecordReaderV2",
    "TFRecordReader", "TFRecordReaderV2", "LMDBReader", "LMDBDataset", "ExperimentalLMDBDataset", "TextLineDataset",
    "TFRecordDataset", "TFRecordDatasetV2", "FixedLengthRecordDataset", "FixedLengthRecordDatasetV2", "CSVDataset",
    "CSVDatasetV2", "ExperimentalCSVDataset", "SqlDataset", "ExperimentalSqlDataset", "LoadDataset", "RecordInput",
    "ListSnapshotChunksDataset", "SnapshotChunkDataset", "SnapshotDatasetReader", "SnapshotNestedDatasetReader",
    "GenerateVocabRemapping", "LoadAndRemapMatrix", "Restore", "RestoreSlice",
  ]

  private static let network: Set<Substring> = [
    "RpcCall", "RpcClient", "RpcServer", "RpcServerRegister", "RpcServerStart", "RemoteCall", "DataServiceDataset",
    "DataServiceDatasetV2", "DataServiceDatasetV3", "DataServiceDatasetV4", "FileSystemSetConfiguration",
    "RegisterDataset", "RegisterDatasetV2",
  ]

  private static let native: Set<Substring> = [
    "XlaCustomCall", "XlaCustomCallV2", "XlaHostCompute", "_XlaHostComputeMlir", "TPUExecute",
  ]
}
