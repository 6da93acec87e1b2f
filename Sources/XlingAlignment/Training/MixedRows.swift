import XlingCore

/// Which rows of a batch show pairs of other languages, and which pairs. Everything is addressed by step, so
/// that a resumed run draws what an uninterrupted one would have drawn.
///
/// Languages take turns, row after row and on from batch to batch; of a language all pairs are shown before one
/// is shown again, in an order drawn anew each time. No picture stands twice in a batch, where its two captions
/// would be each other's negatives: a pair whose picture is in the batch takes that row, others take the last
/// rows, and of two languages that drew the same picture one shows its next pair.
struct MixedRows {
  private let seed: UInt64
  private let languages: [MixedCaptions]
  /// Rows of a batch at most.
  private let rows: Int

  /// nil where nothing is mixed in.
  init?(_ configuration: AlignmentConfiguration, _ source: any PairSource, batchSize: Int) {
    guard let mix = configuration.mix, !source.mixed.isEmpty else { return nil }
    seed = configuration.seed
    languages = source.mixed
    rows = mix.rows(of: batchSize)
  }

  /// A batch of the language aligned on, in which pairs of the others have taken their rows.
  func mixed(into batch: [Int], step: Int) -> [Int] {
    var images = batch
    var placeOf = Dictionary(batch.enumerated().map { ($1, $0) }) { first, _ in first }
    var isTaken = [Bool](repeating: false, count: batch.count)
    var shown: Set<Int> = []
    var last = batch.count - 1
    for turn in 0..<rows {
      // The first to choose changes with the step: of two languages with one pair of the same picture, each
      // shows it every other time.
      let number = step * rows + (turn + step) % rows
      let language = languages[number % languages.count]
      guard let pair = choice(of: language, visit: number / languages.count, besides: shown) else {
        continue
      }
      let picture = language.pictures[pair]
      shown.insert(picture)
      let row: Int
      if let own = placeOf[picture], !isTaken[own] {
        row = own
      } else {
        while isTaken[last] { last -= 1 }
        row = last
      }
      placeOf[images[row]] = nil
      isTaken[row] = true
      images[row] = language.first + pair
    }
    return images
  }

  /// The pair whose turn it is, or the next of the order whose picture is not in `shown`; nil where all are.
  private func choice(
    of language: MixedCaptions, visit: Int, besides shown: Set<Int>
  ) -> Int? {
    let count = language.pictures.count
    let order = RandomStream(seed: seed, "mix " + language.language, visit / count)
      .shuffled(Array(0..<count))
    return (0..<count).lazy.map { order[(visit + $0) % count] }
      .first { !shown.contains(language.pictures[$0]) }
  }
}
