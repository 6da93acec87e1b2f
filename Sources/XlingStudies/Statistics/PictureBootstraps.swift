import XlingRetrieval

/// The draws of a study: one bootstrap for each number of pictures that figures are of and each number of seeds. All of
/// one number of pictures, of any method, language or test, have the same draws of pictures, and those of one number of
/// seeds the same draws of seeds.
struct PictureBootstraps {
  let draws: Int
  private let known: [Key: CrossedBootstrap]

  private struct Key: Hashable {
    let pictures: Int
    let seeds: Int
  }

  /// `seeds`: the most that a figure is of.
  init(seeds: Int, pictures: Set<Int>, draws: Int) {
    self.draws = draws
    var known: [Key: CrossedBootstrap] = [:]
    for count in pictures {
      let whole = CrossedBootstrap(seeds: seeds, pictures: count, draws: draws)
      for fewer in 1...max(1, seeds) {
        known[Key(pictures: count, seeds: fewer)] =
          fewer == seeds ? whole : whole.with(seeds: fewer)
      }
    }
    self.known = known
  }

  func of(_ pictures: Int, seeds: Int) -> CrossedBootstrap {
    known[Key(pictures: pictures, seeds: seeds)]
      ?? CrossedBootstrap(seeds: seeds, pictures: pictures, draws: draws)
  }
}
