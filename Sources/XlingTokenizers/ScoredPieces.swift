/// Pieces and their scores side by side, as Unigram vocabularies list them: a quarter of a million pairs in a few
/// arrays.
struct ScoredPieces: Sendable, Equatable {
  private(set) var pieces = PieceList()
  private(set) var scores: [Double] = []

  var count: Int { scores.count }

  /// Places are 32-bit numbers.
  func hasRoom(for piece: [UInt8]) -> Bool { pieces.bytes.count + piece.count <= Int32.max }

  mutating func append(_ piece: some Collection<UInt8>, _ score: Double) {
    pieces.append(piece)
    scores.append(score)
  }
}
