import XlingData

/// Pairs of other languages in the batches of a training (few-shot, as IGLUE has it; Bugliarello et al. 2022).
public struct CaptionMix: Codable, Sendable, Equatable {
  /// Of one language.
  public struct Part: Codable, Sendable, Equatable {
    /// The dataset's code.
    public let language: String
    public let pairs: Int
    /// SHA-256 of which pairs (`FewShotDraw.Part.hash`).
    public var hash: String
  }

  /// By code, at least one.
  public var parts: [Part]
  /// Of a batch, for all languages together.
  public var share = Self.usualShare
  /// Whether each seed has pairs of its own; nil: no.
  public var drawsBySeed: Bool?

  public static let usualShare = 0.125
  /// The rest of a batch is the language aligned on.
  public static let mostShare = 0.9

  /// nil without pairs.
  public init?(_ draw: FewShotDraw, share: Double?, drawsBySeed: Bool) {
    guard !draw.parts.isEmpty else { return nil }
    parts = draw.parts.map {
      Part(language: $0.language, pairs: $0.pairs.count, hash: $0.hash)
    }
    if let share { self.share = share }
    self.drawsBySeed = drawsBySeed ? true : nil
  }

  /// Rows of a batch of `size` that show them, where there are as many pairs: at least one, and never all.
  public func rows(of size: Int) -> Int {
    min(max(1, Int((share * Double(size)).rounded())), size - 1)
  }
}

/// The pairs of other languages that training showed, or training before it.
public struct FewShotPairs: Codable, Sendable, Equatable {
  public let mix: CaptionMix?
  public let mixedBefore: [CaptionMix.Part]?

  public init(mix: CaptionMix? = nil, mixedBefore: [CaptionMix.Part]? = nil) {
    (self.mix, self.mixedBefore) = (mix, mixedBefore)
  }

  public var parts: [CaptionMix.Part] { (mix?.parts ?? []) + (mixedBefore ?? []) }

  /// `few-shot tr=10`: what has to be said of such a run wherever its language is; nil without pairs.
  public var words: String? {
    guard !parts.isEmpty else { return nil }
    let own = (mix?.parts ?? []).map { "\($0.language)=\($0.pairs)" }
    let before = (mixedBefore ?? []).map { "\($0.language)=\($0.pairs) before" }
    return "few-shot " + (own + before).joined(separator: ", ")
  }
}

extension AlignmentConfiguration {
  /// Of the run, and of the one that it started from.
  public var fewShot: FewShotPairs { FewShotPairs(mix: mix, mixedBefore: mixedBefore) }
}
