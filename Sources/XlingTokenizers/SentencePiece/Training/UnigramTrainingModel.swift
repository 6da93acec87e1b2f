import Foundation

/// Pieces and their log probabilities between two steps of training, sorted by bytes.
struct UnigramTrainingModel {
  let pieces: PieceList
  let scores: [Float]
  let probabilities: [Double]
  let trie: ScoredTrie
  /// Of a character that has no piece.
  let unknownScore: Float
  let lowestScore: Float
  /// Bytes of the longest piece.
  let longest: Int

  /// `pieces` are different and sorted by bytes.
  init(pieces: PieceList, scores: [Float]) {
    self.pieces = pieces
    self.scores = scores
    probabilities = scores.map { exp(Double($0)) }
    trie = ScoredTrie(
      pieces, Array(0..<Int32(pieces.count)), scores: ConstantBuffer(scores))
    lowestScore = scores.min() ?? 0
    unknownScore = lowestScore - 10
    longest = max(4, (0..<pieces.count).map { pieces.range($0).count }.max() ?? 0)
  }

  var count: Int { pieces.count }

  /// The pieces for which `score` gives one.
  func selecting(_ score: (Int) -> Float?) -> UnigramTrainingModel {
    var kept = PieceList()
    var keptScores: [Float] = []
    for index in 0..<count {
      guard let score = score(index) else { continue }
      kept.append(pieces[index])
      keptScores.append(score)
    }
    return UnigramTrainingModel(pieces: kept, scores: keptScores)
  }
}
