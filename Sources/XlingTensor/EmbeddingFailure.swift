import XlingCore

/// Errors of embeddings as they enter: from a tower, or from a file.
public enum EmbeddingFailure: Failure, Equatable {
  /// An embedding with NaN or infinity; `rows` are the first few of `count`.
  case notFinite(what: String, rows: [Int], count: Int)
  /// An embedding of nothing but zeros has no direction.
  case zeroRows(what: String, rows: [Int], count: Int)
  case shape(what: String, width: Int, values: Int)

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    switch self {
    case .notFinite(let what, let rows, let count):
      "\(what): \(Self.list(rows, count)) with NaN or infinity. Embed again; look for overflow in "
        + "half precision, or for an empty input."
    case .zeroRows(let what, let rows, let count):
      "\(what): \(Self.list(rows, count)) of nothing but zeros, which are near to nothing. Embed "
        + "these inputs again, or leave them out on both sides."
    case .shape(let what, let width, let values):
      "\(what): expected rows of \(width) values, found \(values) values."
    }
  }

  /// How an error names rows; numbers count from 0, as in the files.
  private static func list(_ rows: [Int], _ count: Int) -> String {
    let shown = rows.map(String.init).joined(separator: ", ")
    return count == 1
      ? "row \(shown) (from 0) is a row"
      : "\(count) rows (from 0: \(shown)\(count > rows.count ? ", …" : "")) are rows"
  }
}
