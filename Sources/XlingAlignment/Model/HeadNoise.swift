import XlingCore
import XlingTensor

/// What one update does to what enters the heads, and within them; evaluation does none of it.
struct TrainingNoise {
  /// Lengths of the noise in units of the vectors' (``VectorNoise``); 0: none.
  var text: Float = 0
  var image: Float = 0
  /// The share of what enters a head's last layer that is left out; 0: none.
  var headDropout: Float = 0
  let seed: UInt64
  /// Updates made before.
  let step: Int

  /// `firstPair` is the batch's number of the pass's first pair.
  func text(firstPair: Int) -> HeadNoise { HeadNoise(self, "text", text, firstPair) }
  func image(firstPair: Int) -> HeadNoise { HeadNoise(self, "image", image, firstPair) }
}

/// One side's part of it in one pass.
struct HeadNoise {
  /// On the vectors that enter the head.
  let vectors: VectorNoise?
  private let side: String
  private let noise: TrainingNoise
  private let firstPair: Int

  fileprivate init(_ noise: TrainingNoise, _ side: String, _ sigma: Float, _ firstPair: Int) {
    (self.noise, self.side, self.firstPair) = (noise, side, firstPair)
    vectors =
      sigma > 0
      ? VectorNoise(
        sigma: sigma, seed: noise.seed, purpose: side + " noise", step: noise.step,
        firstPair: firstPair) : nil
  }

  /// Before the head's last layer, of so many pairs or of each token of a layout.
  func dropout(pairs: Int, _ layout: SequenceLayout?) -> Dropout? {
    guard noise.headDropout > 0 else { return nil }
    var keys: [UInt64] = []
    keys.reserveCapacity(layout?.rows ?? pairs)
    for pair in 0..<pairs {
      var stream = RandomStream(
        seed: noise.seed, side + " head dropout", noise.step, firstPair + pair)
      for _ in 0..<(layout?.length(pair) ?? 1) { keys.append(stream.next()) }
    }
    return Dropout(rate: noise.headDropout, keys: keys, site: 0)
  }
}
