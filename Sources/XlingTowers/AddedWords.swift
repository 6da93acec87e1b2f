import XlingTensor

/// Rows of a text tower's table of words that stand apart from it: they can be trained while the table is
/// frozen, and a run stores them alone.
public struct AddedWords {
  /// The id of the first.
  public let first: Int
  /// Of each, the ids of the old words whose mean it starts from.
  public let parts: [[Int32]]
  /// [words, width].
  public let rows: Parameter

  static let name = "embeddings.added_words.weight"

  init(_ parts: [[Int32]], from first: Int, like table: Parameter) {
    precondition(
      first <= table.shape[0]
        && parts.allSatisfy { part in
          !part.isEmpty && part.allSatisfy { (0..<Int32(first)).contains($0) }
        }, "new words have old ones as parts")
    (self.first, self.parts) = (first, parts)
    rows = Parameter(
      Self.name, [parts.count, table.shape[1]], role: ParameterRole(.embedding))
  }

  /// Each row is the mean of its parts' rows: summed in double precision in their order, rounded once.
  func reset(to table: Parameter) {
    let width = table.shape[1]
    for (word, ids) in parts.enumerated() {
      for column in 0..<width {
        let sum = ids.reduce(0.0) { $0 + Double(table.value[Int($1) * width + column]) }
        rows.value[word * width + column] = Float(sum / Double(ids.count))
      }
    }
  }
}
