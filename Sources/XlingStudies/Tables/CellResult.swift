/// What came of a cell: enough for every table of its study.
public struct CellResult: Sendable, Equatable, Codable {
  /// The learning rate that it was trained at.
  public var rate: Double
  public var steps: Int
  public var seconds: Double
  /// The most memory that the process held meanwhile, in MB; nil where the system does not say.
  public var peakMB: Double?
  public var trained: Int
  public var parameters: Int
  public var pairs: Int
  /// The language that it was aligned on, the data's code.
  public var aligned: String
  /// The languages of which it saw captions besides, with blanks between; nil: none.
  public var fewShot: String?
  /// SHA-256 of the run's weights.
  public var checkpoint: String
  public var blasCore: String
  /// The run's folder, from the study's on.
  public var run: String
  /// Of a try: what it was measured by.
  public var value: Double?

  public init(
    rate: Double, steps: Int, seconds: Double, peakMB: Double?, trained: Int, parameters: Int,
    pairs: Int, aligned: String, fewShot: String? = nil, checkpoint: String, blasCore: String,
    run: String, value: Double? = nil
  ) {
    (self.rate, self.steps, self.seconds, self.peakMB) = (rate, steps, seconds, peakMB)
    (self.trained, self.parameters, self.pairs) = (trained, parameters, pairs)
    (self.aligned, self.checkpoint, self.blasCore) = (aligned, checkpoint, blasCore)
    (self.fewShot, self.run, self.value) = (fewShot, run, value)
  }
}

/// One metric of a cell in one language and direction, with what each picture adds to it.
public struct CellScore: Sendable, Equatable {
  public let language: String
  /// `text-to-image` or `image-to-text`.
  public let direction: String
  public let metric: String
  /// 0...1.
  public let value: Double
  public let n: Int
  /// What a scorer that knows nothing reaches; nil where that has no closed form.
  public let chance: Double?
  /// By picture: the sum over its queries, and how many these are.
  public let sums: [Double]
  public let counts: [Double]

  public init(
    language: String, direction: String, metric: String, value: Double, n: Int, chance: Double?,
    sums: [Double], counts: [Double]
  ) {
    (self.language, self.direction, self.metric) = (language, direction, metric)
    (self.value, self.n, self.chance) = (value, n, chance)
    (self.sums, self.counts) = (sums, counts)
  }
}

/// How a cell stands.
public enum CellState: String, Sendable, Codable, CaseIterable {
  case planned, claimed, done, diverged, failed
  case givenUp = "given up"

  /// Nothing is left to do.
  public var isFinished: Bool { self == .done || self == .diverged || self == .givenUp }
}
