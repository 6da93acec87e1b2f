import XlingTensor
import XlingTowers

/// Multiplications and additions of products that a training forms, by formula (``Work``), and how many steps a
/// budget of them is. Validation is not among them.
public struct TrainingOperations: Sendable, Equatable {
  /// Of each pair that a step draws: sides that are trained, or computed anew for other reasons; heads; the
  /// batch's logits.
  public let ofPair: Double
  /// Of each caption and view of sides that learn nothing: computed when it is first drawn, then kept.
  public let ofKept: [Kept]
  public let batch: Int

  public struct Kept: Sendable, Equatable {
    public let work: Double
    public let items: Int
  }

  /// `tokens` a caption, start and end among them; of `pairs` training pairs, with `captions` captions in all.
  public init(
    _ model: DualEncoder, _ configuration: AlignmentConfiguration, tokens: Int, pairs: Int,
    captions: Int
  ) {
    batch = configuration.batchSize
    let text = model.text.work(tokens: tokens, reading: model.textRows)
    var ofPair =
      model.textHead.work(rows: tokens, isTrained: model.textIsTrained).total
      + model.imageHead.work(rows: 1, isTrained: model.imageIsTrained).total
      // Logits, and the gradients of both sides' embeddings.
      + 3 * 2 * Double(configuration.batchSize) * Double(model.embeddingWidth)
    var kept: [Kept] = []
    for (side, work) in [(ParameterRole.Side.text, text), (.image, model.image.work)] {
      let isTrained = side == .text ? model.textIsTrained : model.imageIsTrained
      if isTrained || model.trunkHindrance(of: side, configuration) != nil {
        ofPair += work.total
      } else {
        let views = pairs * (configuration.cachedViews ?? 1)
        kept.append(Kept(work: work.total, items: side == .text ? captions : views))
      }
    }
    (self.ofPair, ofKept) = (ofPair, kept)
  }

  public func total(steps: Int) -> Double {
    let drawn = Double(steps) * Double(batch)
    return ofKept.reduce(drawn * ofPair) { $0 + min(drawn, Double($1.items)) * $1.work }
  }

  /// The most steps whose ``total(steps:)``, each step costing `eachStep` more, stays within `budget`; 0 where one
  /// step does not.
  public func steps(within budget: Double, eachStep: Double = 0) -> Int {
    func fits(_ steps: Int) -> Bool { total(steps: steps) + Double(steps) * eachStep <= budget }
    var (low, high) = (0, 1)
    while high < Self.most, fits(high) { (low, high) = (high, 2 * high) }
    high = min(high, Self.most)
    while high - low > 1 {
      let middle = (low + high) / 2
      if fits(middle) { low = middle } else { high = middle }
    }
    return low
  }

  private static let most = 1 << 40
}

extension Head {
  /// Of one sample, whose tokens a head may read; back always to its own parameters, below them where the tower
  /// `isTrained`.
  fileprivate func work(rows: Int, isTrained: Bool) -> Work {
    func sum(_ layers: [Linear], _ rows: Int) -> Work {
      layers.enumerated().reduce(Work()) { sum, layer in
        sum
          + layer.element.work(
            rows: Double(rows), goesBack: true, toInput: layer.offset > 0 || isTrained)
      }
    }
    return switch self {
    case .linear(let projection): sum([projection], 1)
    case .hidden(let mlp): sum(mlp.layers, 1)
    case .tokens(let tokens): sum(tokens.mlp.layers, rows)
    case .none: Work()
    }
  }
}
