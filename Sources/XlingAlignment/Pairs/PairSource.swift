import XlingCore
import XlingData

/// Pictures with captions, as training draws them. Asked from several threads at once.
public protocol PairSource: Sendable {
  /// Pictures.
  var count: Int { get }
  /// The dataset's folder, absolute; nil where there is none.
  var folder: String? { get }
  /// Captions of a picture, at least one.
  func captionCount(_ image: Int) -> Int
  /// Captions without a token of their own.
  var emptyCaptions: Int { get }
  /// Ids of one caption, framed by start and end.
  func tokens(_ image: Int, caption: Int) -> [Int32]
  /// As decoded, any size.
  func picture(_ image: Int) throws -> Picture
  /// Pictures that will be asked for next: a source that reads files may begin.
  func announce(_ images: [Int])
}

extension PairSource {
  public func announce(_ images: [Int]) {}
  public var emptyCaptions: Int { 0 }
  public var folder: String? { nil }
}

/// Which pairs make which batch. Everything is addressed by (seed, epoch) or (seed, step, row), so
/// a resumed run draws what an uninterrupted one would have drawn.
package struct BatchSampler {
  let seed: UInt64
  let count: Int
  let batchSize: Int
  private var epoch = -1
  private var order: [Int] = []

  /// A batch is never larger than the data.
  package init(seed: UInt64, count: Int, batchSize: Int) {
    self.seed = seed
    self.count = count
    self.batchSize = min(batchSize, count)
  }

  var stepsPerEpoch: Int { count / batchSize }

  /// Pictures of a step's batch: every picture at most once an epoch; the rest of an epoch that
  /// fills no batch is left out.
  package mutating func images(step: Int) -> [Int] {
    let wanted = step / stepsPerEpoch
    if wanted != epoch {
      order = RandomStream(seed: seed, "order", wanted).shuffled(Array(0..<count))
      epoch = wanted
    }
    let first = step % stepsPerEpoch * batchSize
    return Array(order[first..<first + batchSize])
  }

  /// One of a picture's `captions`.
  func caption(step: Int, row: Int, of captions: Int) -> Int {
    var stream = RandomStream(seed: seed, "caption", step, row)
    return stream.index(captions)
  }
}
