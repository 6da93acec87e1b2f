import XlingCore

/// Which pairs make which batch. Everything is addressed by (seed, epoch) or (seed, step, row), so
/// a resumed run draws what an uninterrupted one would have drawn.
package struct BatchSampler {
  let seed: UInt64
  let count: Int
  package let batchSize: Int
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
  package func caption(step: Int, row: Int, of captions: Int) -> Int {
    var stream = RandomStream(seed: seed, "caption", step, row)
    return stream.index(captions)
  }

  /// The one of a picture's `captions` whose turn it is in the step's epoch.
  package func captionInTurn(step: Int, image: Int, of captions: Int) -> Int {
    var stream = RandomStream(seed: seed, "caption turn", image)
    return (stream.index(captions) + step / stepsPerEpoch) % captions
  }

  /// The one of a picture's `views` whose turn it is in the step's epoch.
  package func view(step: Int, image: Int, of views: Int) -> Int {
    var stream = RandomStream(seed: seed, "view turn", image)
    return (stream.index(views) + step / stepsPerEpoch) % views
  }
}
