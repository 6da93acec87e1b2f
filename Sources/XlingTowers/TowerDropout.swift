import XlingTensor

/// Shares of activations that a tower was pretrained without, as its `config.json` has them.
public struct DropoutRates: Sendable, Equatable {
  /// Of the embeddings' output and of what each branch adds to its layer; in T5 also of the
  /// feed-forward's inner states and of the last hidden state.
  public var hidden: Float = 0
  /// Of the attention weights.
  public var attention: Float = 0

  public init(hidden: Float = 0, attention: Float = 0) {
    self.hidden = hidden
    self.attention = attention
  }

  public var isZero: Bool { hidden == 0 && attention == 0 }

  /// Absent keys are zeros. Throws ``TowerFailure/configuration(path:reason:)``.
  init(_ fields: ConfigurationFields, hidden: String, attention: String) throws(TowerFailure) {
    func rate(_ key: String) throws(TowerFailure) -> Float {
      let rate = try fields.float(key, default: 0)
      guard rate >= 0, rate < 1 else {
        throw fields.refuse("\(key) is \(rate), expected at least 0 and below 1")
      }
      return rate
    }
    self.init(hidden: try rate(hidden), attention: try rate(attention))
  }
}

/// What one training pass leaves out.
public struct TowerDropout: Sendable {
  public let rates: DropoutRates
  /// Of this tower and step.
  public let seed: UInt64
  /// The batch's number of the pass's first sequence: chunks leave out what the whole batch would.
  public let firstSequence: Int

  public init(rates: DropoutRates, seed: UInt64, firstSequence: Int = 0) {
    self.rates = rates
    self.seed = seed
    self.firstSequence = firstSequence
  }

  /// A key for each row, from its sequence's number and its place in it.
  func rows(of layout: SequenceLayout) -> RowDropout {
    var keys: [UInt64] = []
    keys.reserveCapacity(layout.rows)
    for sequence in 0..<layout.sequences {
      let first = Self.mix(seed, UInt64(firstSequence + sequence))
      for place in 0..<layout.length(sequence) { keys.append(Self.mix(first, UInt64(place))) }
    }
    return RowDropout(rates: rates, keys: keys)
  }

  /// SplitMix64's finalizer (Steele, Lea and Flood 2014).
  private static func mix(_ key: UInt64, _ number: UInt64) -> UInt64 {
    var z = key &+ (number &+ 1) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A pass's dropout of rows that are laid out.
struct RowDropout {
  /// Where in a layer, or outside of all.
  enum Site: UInt64 {
    case hidden, attentionWeights, attentionOutput, feedForwardInner, feedForwardOutput
  }

  let rates: DropoutRates
  let keys: [UInt64]

  /// Of the embeddings' output; nil at rate zero, as the others.
  func embeddings() -> Dropout? { hidden(.hidden, layer: 0, rows: nil) }
  /// Of what a norm behind the last layer gives.
  func final(rows: [Int]?) -> Dropout? { hidden(.hidden, layer: 1, rows: rows) }

  /// `rows` are those that pass; nil: all.
  func hidden(_ site: Site, layer: Int, rows: [Int]?) -> Dropout? {
    guard rates.hidden > 0 else { return nil }
    return Dropout(
      rate: rates.hidden, keys: rows?.map { keys[$0] } ?? keys, site: Self.number(site, layer))
  }

  func attentionWeights(layer: Int) -> Dropout? {
    guard rates.attention > 0 else { return nil }
    return Dropout(
      rate: rates.attention, keys: keys, site: Self.number(.attentionWeights, layer))
  }

  /// With room for the heads.
  private static func number(_ site: Site, _ layer: Int) -> UInt64 {
    UInt64(layer) << 32 | site.rawValue << 24
  }
}

/// One layer's part of a pass's dropout.
struct LayerDropout {
  let rows: RowDropout
  let layer: Int

  func attentionWeights() -> Dropout? { rows.attentionWeights(layer: layer) }

  func hidden(_ site: RowDropout.Site, rows chosen: [Int]?) -> Dropout? {
    rows.hidden(site, layer: layer, rows: chosen)
  }
}
