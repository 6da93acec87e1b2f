import XlingRetrieval

/// The draws of a study: one bootstrap for each number of pictures that figures are of. All of one number, of any method,
/// language or test, have the same draws.
struct PictureBootstraps {
  let seeds: Int
  let draws: Int
  private let byPictures: [Int: CrossedBootstrap]

  init(seeds: Int, pictures: Set<Int>, draws: Int) {
    (self.seeds, self.draws) = (seeds, draws)
    byPictures = Dictionary(
      uniqueKeysWithValues: pictures.map {
        ($0, CrossedBootstrap(seeds: seeds, pictures: $0, draws: draws))
      })
  }

  func of(_ pictures: Int) -> CrossedBootstrap {
    byPictures[pictures] ?? CrossedBootstrap(seeds: seeds, pictures: pictures, draws: draws)
  }
}
