import XlingTensor
import XlingTowers

/// Bytes that a training takes beside the towers' weights, about, by formula (``StepMemory``).
public struct TrainingMemory: Sendable, Equatable {
  /// Gradients and moments of what is trained, weights packed in bf16, and the batch's logits.
  public let fixed: Double
  /// Of each pair that is in the towers at once.
  public let ofPair: Double

  /// `tokens` a caption, start and end among them.
  public init(_ model: DualEncoder, _ configuration: AlignmentConfiguration, tokens: Int) {
    let trained = model.parameters.reduce(0) {
      $0 + ($1.parameter.isTrainable ? $1.parameter.count : 0)
    }
    let moments =
      switch configuration.optimizer {
      case .adamW: 2
      // Sums of rows and columns alone.
      case .adafactor: 0
      }
    let batch = Double(configuration.batchSize)
    var fixed = 4 * Double(trained * (1 + moments)) + 3 * 4 * batch * batch
    if model.precision == .bf16 {
      let layers = model.text.encoder.layers + model.image.encoder.layers
      let frozen = layers.flatMap(\.parameters).filter { !$0.isTrainable }
      // For the way forward and back.
      fixed += 2 * 2 * Double(frozen.reduce(0) { $0 + $1.count })
    }
    self.fixed = fixed
    let text = model.text.memory(tokens: tokens, reading: model.textRows)
    let image = model.image.memory
    ofPair = text.kept + image.kept + max(text.passing, image.passing)
  }

  public func bytes(pairs: Int) -> Int { Int(fixed + Double(pairs) * ofPair) }

  /// The most pairs whose ``bytes(pairs:)`` are within `bytes`; 0 where one is too many.
  public func pairs(within bytes: Int) -> Int {
    max(0, Int((Double(bytes) - fixed) / ofPair))
  }

  /// How far off the formula may be.
  private static let tolerance = 0.9

  /// Throws ``AlignmentFailure/memory(pairs:needs:free:fits:)`` where a step would take more than is `free`.
  public func check(pairs: Int, free: Int) throws(AlignmentFailure) {
    let needs = bytes(pairs: pairs)
    guard Self.tolerance * Double(needs) > Double(free) else { return }
    throw .memory(pairs: pairs, needs: needs, free: free, fits: self.pairs(within: free))
  }
}
