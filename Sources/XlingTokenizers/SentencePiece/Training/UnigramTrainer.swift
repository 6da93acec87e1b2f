import Foundation
import XlingCore

/// Learns a Unigram vocabulary (Kudo 2018) in the steps of sentencepiece 0.2.3: many seeds; rounds
/// of expectation-maximization with a sparse prior (Liang and Klein 2007), each with a pruning by the
/// loss of likelihood; then pieces that no best path uses go, and the required characters and the
/// best pieces stay.
///
/// Sums are in double precision and in a fixed order: the vocabulary does not depend on the number
/// of threads. SentencePiece sums in single precision and by thread, so pieces of nearly equal
/// worth may come out otherwise than there.
public struct UnigramTrainer: Sendable {
  public let options: SentencePieceTrainingOptions

  /// Parts of the text whose sums are taken apart and added in their order.
  private static let parts = 8
  /// Pieces expected to occur less often go.
  private static let leastExpected = 0.5
  /// Training ends with so many more pieces than asked for, from which the best are taken.
  private static let surplus = 1.1

  public init(_ options: SentencePieceTrainingOptions) { self.options = options }

  /// The vocabulary comes out smaller than asked for when the text does not hold as many pieces.
  /// Throws ``TokenizerFailure``.
  public func train(_ corpus: SentencePieceCorpus) throws -> TrainedSentencePiece {
    let (words, required) = try options.prepare(corpus)
    var model = seeds(words, required)
    let text = TrainingWords(words)
    let enough = Int(Double(options.vocabularySize) * Self.surplus)
    while true {
      for _ in 0..<options.subIterations { model = maximized(model, expectations(model, text)) }
      let pruned = pruned(model, text, enough)
      // Whatever is left has no alternative.
      let isStuck = pruned.count == model.count
      model = pruned
      if model.count <= enough || isStuck { break }
    }
    model = reachable(model)
    var result = options.model(.unigram, charsmap: corpus.charsmap)
    for (piece, score) in final(model, required) { result.append(piece, score: score) }
    let record = SentencePieceTrainingRecord(corpus, words, required, options)
    return TrainedSentencePiece(model: result, record: record)
  }

  /// The words' bytes and counts, equal ones together.
  private struct TrainingWords {
    private(set) var pieces = PieceList()
    private(set) var counts: [Double] = []

    init(_ words: SentencePieceCorpus.Words) {
      var table = ByteTable()
      var bytes: [UInt8] = []
      for word in words {
        bytes.removeAll(keepingCapacity: true)
        for scalar in word.scalars { UTF8Scalar.append(scalar, to: &bytes) }
        let index = table.insert(bytes)
        if index == counts.count {
          counts.append(0)
          pieces.append(bytes)
        }
        counts[index] += Double(word.count)
      }
    }

    func forEach(
      _ range: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>, Double) -> Void
    ) {
      pieces.bytes.withUnsafeBufferPointer { bytes in
        for index in range {
          body(UnsafeBufferPointer(rebasing: bytes[pieces.range(index)]), counts[index])
        }
      }
    }
  }

  /// Characters by their occurrences, substrings by occurrences times length.
  private func seeds(
    _ words: SentencePieceCorpus.Words, _ required: RequiredCharacters
  ) -> UnigramTrainingModel {
    var finder = SeedPieces(words, maximumLength: options.maximumPieceLength)
    var pieces = PieceList()
    var weights: [Double] = []
    func append(_ scalars: some Sequence<UInt32>, _ weight: Int64) {
      var bytes: [UInt8] = []
      for scalar in scalars { UTF8Scalar.append(scalar, to: &bytes) }
      pieces.append(bytes)
      weights.append(Double(weight))
    }
    for character in required.ranked { append([character.scalar], character.count) }
    for seed in finder.best(options.seedCount) { append(seed.scalars, seed.score) }
    let total = log(weights.reduce(0, +))
    var sorted = PieceList()
    var scores: [Float] = []
    for index in pieces.sorted().order {
      sorted.append(pieces[Int(index)])
      scores.append(Float(log(weights[Int(index)]) - total))
    }
    return UnigramTrainingModel(pieces: sorted, scores: scores)
  }

  /// Runs `body` for every word, part by part, and adds up what it adds to a part's `width` sums.
  private func sums(
    _ text: TrainingWords, width: Int,
    _ body:
      @Sendable @escaping (
        inout PieceLattice, UnsafeBufferPointer<UInt8>, Double, UnsafeMutableBufferPointer<Double>
      ) -> Void
  ) -> [Double] {
    let count = text.counts.count
    let grain = max(1, (count + Self.parts - 1) / Self.parts)
    let memory = PartSums(width: width, parts: (count + grain - 1) / grain)
    Parallel.ranges(count, grain: grain) { range in
      var lattice = PieceLattice()
      text.forEach(range) { word, weight in
        body(&lattice, word, weight, memory[range.lowerBound / grain])
      }
    }
    return memory.total()
  }

  private func expectations(_ model: UnigramTrainingModel, _ text: TrainingWords) -> [Double] {
    sums(text, width: model.count) { lattice, word, weight, sums in
      lattice.fill(word, model)
      lattice.addExpected(weight, to: sums)
    }
  }

  private func maximized(
    _ model: UnigramTrainingModel, _ expected: [Double]
  ) -> UnigramTrainingModel {
    let kept = expected.map { $0 >= Self.leastExpected }
    let total = digamma(zip(expected, kept).reduce(0) { $1.1 ? $0 + $1.0 : $0 })
    return model.selecting { kept[$0] ? Float(digamma(expected[$0]) - total) : nil }
  }

  /// Keeps the pieces without which the text's likelihood, with the best paths only, would fall
  /// most; what a piece would be cut into without it takes its place.
  private func pruned(
    _ model: UnigramTrainingModel, _ text: TrainingWords, _ enough: Int
  ) -> UnigramTrainingModel {
    let used = sums(text, width: model.count) { lattice, word, weight, sums in
      var path: [Int32] = []
      lattice.fill(word, model)
      _ = lattice.best(&path)
      for piece in path where piece >= 0 { sums[Int(piece)] += weight }
    }
    let total = used.reduce(0, +)
    let texts = text.counts.reduce(0, +)
    var isKept = [Bool](repeating: false, count: model.count)
    var candidates: [(piece: Int, loss: Double)] = []
    var lattice = PieceLattice()
    var path: [Int32] = []
    var keptCount = 0
    model.pieces.bytes.withUnsafeBufferPointer { bytes in
      for piece in 0..<model.count where used[piece] > 0 {
        let text = UnsafeBufferPointer(rebasing: bytes[model.pieces.range(piece)])
        if UTF8Scalar.length(text[0]) == text.count {
          isKept[piece] = true
          keptCount += 1
          continue
        }
        lattice.fill(text, model, whole: false)
        if lattice.best(&path) <= Double(model.scores[piece]) {
          let changed = log(total + used[piece] * Double(path.count - 1))
          // A character that has no piece is one that is used nowhere.
          let without = path.reduce(0) {
            $0 + log(($1 < 0 ? 0 : used[Int($1)]) + used[piece]) - changed
          }
          let loss = used[piece] / texts * (log(used[piece]) - log(total) - without)
          candidates.append((piece, loss))
        }
      }
    }
    candidates.sort { $0.loss != $1.loss ? $0.loss > $1.loss : $0.piece < $1.piece }
    let size = max(enough, Int(Double(options.shrinkingFactor) * Double(model.count)))
    for candidate in candidates.prefix(max(0, size - keptCount)) { isKept[candidate.piece] = true }
    return model.selecting { isKept[$0] ? model.scores[$0] : nil }
  }

  /// Without the pieces that are worth less than what they would else be cut into.
  private func reachable(_ model: UnigramTrainingModel) -> UnigramTrainingModel {
    var lattice = PieceLattice()
    var path: [Int32] = []
    return model.pieces.bytes.withUnsafeBufferPointer { bytes in
      model.selecting { piece in
        lattice.fill(
          UnsafeBufferPointer(rebasing: bytes[model.pieces.range(piece)]), model, whole: false)
        let score = model.scores[piece]
        return lattice.best(&path) > Double(score) ? nil : score
      }
    }
  }

  /// All required characters, those that were lost just above the lowest score, and the best
  /// pieces; by score, then by bytes.
  private func final(
    _ model: UnigramTrainingModel, _ required: RequiredCharacters
  ) -> [([UInt8], Float)] {
    var table = ByteTable()
    for index in 0..<model.count { _ = table.insert(model.pieces[index]) }
    var isTaken = [Bool](repeating: false, count: model.count)
    var result: [([UInt8], Float)] = []
    var penalty: Float = 0
    for character in required.ranked {
      var piece: [UInt8] = []
      UTF8Scalar.append(character.scalar, to: &piece)
      if let index = table.index(of: piece) {
        isTaken[index] = true
        result.append((piece, model.scores[index]))
      } else {
        result.append((piece, model.lowestScore + penalty))
        penalty += 0.0001
      }
    }
    let ranked = (0..<model.count).filter { !isTaken[$0] }.sorted {
      model.scores[$0] != model.scores[$1] ? model.scores[$0] > model.scores[$1] : $0 < $1
    }
    let room = options.vocabularySize - SentencePieceTrainingOptions.metaCount - result.count
    result += ranked.prefix(max(0, room)).map { (Array(model.pieces[$0]), model.scores[$0]) }
    return result.sorted {
      $0.1 != $1.1 ? $0.1 > $1.1 : $0.0.lexicographicallyPrecedes($1.0)
    }
  }
}

/// Sums of several parts that are computed side by side: every part writes its own.
private final class PartSums: @unchecked Sendable {
  private let memory: UnsafeMutableBufferPointer<Double>
  private let width: Int
  private let parts: Int

  init(width: Int, parts: Int) {
    memory = .allocate(capacity: max(1, width * parts))
    memory.initialize(repeating: 0)
    self.width = width
    self.parts = parts
  }

  deinit { memory.deallocate() }

  subscript(part: Int) -> UnsafeMutableBufferPointer<Double> {
    UnsafeMutableBufferPointer(rebasing: memory[part * width..<(part + 1) * width])
  }

  /// The parts' sums, added in their order.
  func total() -> [Double] {
    var total = [Double](repeating: 0, count: width)
    for part in 0..<parts {
      for at in 0..<width { total[at] += memory[part * width + at] }
    }
    return total
  }
}

/// The logarithmic derivative of the gamma function, by recurrence and its asymptotic series
/// (Bernardo 1976).
func digamma(_ value: Double) -> Double {
  var (x, result) = (value, 0.0)
  while x < 7 {
    result -= 1 / x
    x += 1
  }
  let inverse = 1 / (x * x)
  return result + log(x) - 0.5 / x
    - inverse * (1 / 12.0 - inverse * (1 / 120.0 - inverse * (1 / 252.0 - inverse / 240)))
}
