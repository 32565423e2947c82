/// What a request's inputs may be, and the form in which the model takes them: known before a value is read, so that
/// values are never held in two forms.
package struct InputRules: Sendable {
  /// The form of one input's values.
  enum Form {
    case numbers, doubles, texts, raw
    case codes(Categories)
  }

  /// Maximum rows of one request.
  let maximumRows: Int
  /// Maximum inputs of one request.
  let maximumInputs: Int
  /// Maximum dimensions of a tensor.
  let maximumDimensions: Int
  /// Maximum columns of a matrix.
  let maximumColumns: Int
  /// Maximum elements of all inputs together, because an element of one byte may become sixteen.
  let maximumElements: Int
  /// Maximum cells of a table, where one that is left out takes memory too.
  let maximumCells: Int
  /// What joins the inputs to a matrix; nil where tensors are passed on.
  let assembler: RowAssembler?

  /// The form that one input's values take.
  /// - Parameter index: which input it is: most clients send them in the model's order.
  /// - Throws: `RequestFailure` for texts where the model has numbers.
  func form(_ name: String, _ datatype: Datatype, shape: [Int], at index: Int = 0) throws -> Form {
    guard let assembler else { return .raw }
    guard datatype == .bytes else { return assembler.isDouble ? .doubles : .numbers }
    if assembler.isText(name, shape: shape, at: index) { return .texts }
    return .codes(try assembler.categories(of: name, shape: shape, at: index))
  }

  /// The name that an input has where inputs come in the model's order.
  func name(at index: Int) -> String? { assembler?.name(at: index) }

  /// Checks the shape of a tensor, so that its size can be computed.
  func check(_ shape: [Int]) throws {
    guard shape.count <= maximumDimensions else {
      throw RequestFailure.bad(
        maximumDimensions == 2
          ? "a shape has one or two dimensions, rows and columns"
          : "a shape has at most \(maximumDimensions) dimensions")
    }
    guard let rows = shape.first else { throw RequestFailure.bad("a shape without dimensions") }
    guard shape.allSatisfy({ $0 >= 0 }) else {
      throw RequestFailure.bad("a dimension has to be a whole number, 0 or more")
    }
    guard rows <= maximumRows else {
      throw RequestFailure.bad("\(rows) rows in one request: the limit is \(maximumRows)")
    }
    guard assembler == nil || shape.count < 2 || shape[1] <= maximumColumns else {
      throw RequestFailure.bad("a shape of \(shape[1]) columns: the model has \(maximumColumns) features")
    }
  }

  /// Checks that another input may follow.
  func check(inputs count: Int) throws {
    guard count < maximumInputs else { throw RequestFailure.bad("more inputs than the model's \(maximumInputs)") }
  }
}
