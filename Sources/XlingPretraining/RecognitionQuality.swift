import XlingCore
import XlingData
import XlingRetrieval
import XlingTensor
import XlingTowers

/// How well the pretraining head recognizes what pictures show.
public struct RecognitionQuality: Codable, Sendable, Equatable {
  /// Average precision of each label over all pictures, then the mean over the n labels that occur; the
  /// interval resamples labels.
  public let meanAveragePrecision: Estimate
  public let pictures: Int

  /// `labels` are those that a picture shows, as places among the head's outputs. Throws what reading
  /// pictures throws, and ``PretrainingFailure/nothingToMeasure(dataset:split:)``.
  static func measure(
    tower: ImageTower, head: Linear, dataset: Dataset, split: Split,
    labels: (Dataset.Item) -> [Int]
  ) throws -> RecognitionQuality {
    let items = dataset.items(in: split)
    let preprocessing = ImagePreprocessing(size: tower.configuration.imageSize)
    let workspace = Workspace()
    var scores: [[Float]] = []
    for start in stride(from: 0, to: items.count, by: 50) {
      workspace.reset()
      let part = items[start..<min(items.count, start + 50)]
      let pixels = workspace.take(part.count, preprocessing.elementCount)
      for (row, item) in part.enumerated() {
        preprocessing.write(try Picture.load(path: dataset.path(of: item)), to: pixels.row(row))
      }
      let activations = tower.forward(
        PictureBatch(pixels: pixels.pointer, count: part.count), reading: .pooled, in: workspace,
        training: false)
      let logits = workspace.take(part.count, head.outputs)
      head.forward(tower.pool(activations, in: workspace).vectors, into: logits)
      for row in 0..<part.count {
        scores.append(Array(UnsafeBufferPointer(start: logits.row(row), count: head.outputs)))
      }
    }
    var precisions: [Double] = []
    let shown = items.map { Set(labels($0)) }
    for label in 0..<head.outputs {
      let relevant = shown.map { $0.contains(label) }
      guard relevant.contains(true) else { continue }
      precisions.append(averagePrecision(scores.map { $0[label] }, relevant))
    }
    guard !precisions.isEmpty else {
      throw PretrainingFailure.nothingToMeasure(dataset: dataset.folder, split: split)
    }
    let estimate = try Resamples(clusterCount: precisions.count, seed: 0)
      .mean(of: precisions, clusters: Clusters(independent: precisions.count))
    return RecognitionQuality(meanAveragePrecision: estimate, pictures: items.count)
  }

  /// Mean over the relevant items of the precision at their rank; ties count against the system.
  static func averagePrecision(_ scores: [Float], _ relevant: [Bool]) -> Double {
    let order = scores.indices.sorted {
      scores[$0] != scores[$1] ? scores[$0] > scores[$1] : !relevant[$0] && relevant[$1]
    }
    var hits = 0
    var total = 0.0
    for (rank, item) in order.enumerated() where relevant[item] {
      hits += 1
      total += Double(hits) / Double(rank + 1)
    }
    return hits == 0 ? 0 : total / Double(hits)
  }
}
