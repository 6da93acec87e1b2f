import Foundation
import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// The training pictures of a dataset, to be recognized by the words of their English captions
/// (``CaptionWords``): every picture once an epoch, cropped, flipped and recoloured at random.
struct CaptionWordStream: RecognitionStream {
  let words: CaptionWords
  private let paths: [String]
  private let shown: [[Int]]
  private let loader: PixelLoader
  private let sampler: BatchSampler
  /// Training pictures without a word of `words`: nothing can be recognized there.
  let wordless: Int

  /// Throws ``PretrainingFailure/noWords(dataset:pictures:)``.
  init(
    seed: UInt64, dataset: Dataset, preprocessing: ImagePreprocessing, batchSize: Int = 64
  ) throws {
    let items = dataset.items(in: .train)
    words = CaptionWords(captions: items.map { $0.captions["en"] ?? [] })
    var (paths, shown): ([String], [[Int]]) = ([], [])
    for item in items {
      let labels = words.labels(of: item.captions["en"] ?? [])
      guard !labels.isEmpty else { continue }
      paths.append(dataset.path(of: item))
      shown.append(labels)
    }
    guard !paths.isEmpty else {
      throw PretrainingFailure.noWords(dataset: dataset.folder, pictures: items.count)
    }
    wordless = items.count - paths.count
    (self.paths, self.shown) = (paths, shown)
    loader = PixelLoader(
      preprocessing: preprocessing,
      augmentation: ImageAugmentation(crop: RandomCrop(scale: 0.4...1)), seed: seed)
    sampler = BatchSampler(seed: seed, count: paths.count, batchSize: batchSize)
  }

  var labels: [String] { words.words }

  var startingLogit: Float {
    let rate =
      Double(shown.reduce(0) { $0 + $1.count }) / Double(shown.count * words.words.count)
    return Float(log(rate / (1 - rate)))
  }

  func batch(step: Int, in workspace: Workspace) throws -> RecognitionBatch {
    var sampler = sampler
    let chosen = sampler.images(step: step)
    return RecognitionBatch(
      pictures: try PictureBatch(chosen.count, of: loader.elementCount, in: workspace) {
        try loader.load(chosen, step: step, into: $0) { try Picture.load(path: paths[$0]) }
      },
      labels: chosen.map { shown[$0] })
  }
}
