import XlingCore
import XlingCoverage
import XlingTokenizers

/// Learns pieces for a tokenizer from texts, writes them to a file, and measures what they change.
public struct RepairJob: Sendable {
  public struct Options: Sendable {
    /// A folder or file, as `TokenizerSource` reads it.
    public var tokenizer: String
    public var source: CoverageSource
    public var languages: [String]
    public var output: String
    public var pieces = 500
    /// Pieces that save fewer tokens in the texts are not learned.
    public var fewest = 2

    public init(
      _ tokenizer: String, source: CoverageSource, languages: [String], output: String
    ) {
      (self.tokenizer, self.source) = (tokenizer, source)
      (self.languages, self.output) = (languages, output)
    }
  }

  public struct Result: Codable, Sendable, Equatable {
    /// After so many pieces.
    public struct Step: Codable, Sendable, Equatable {
      public let pieces: Int
      /// Of all tokens, unknown ones at their bytes.
      public let savedShare: Double
    }

    public private(set) var schema = "xling.tokenizer-repair/1"
    public let tokenizer: String
    public let output: String
    public let pieces: Int
    public let contentHash: String
    /// What learning counted: 1, 2, 5, 10 and so on.
    public let steps: [Step]
    /// Rare words of large texts were not counted.
    public let isPruned: Bool
    /// The texts, and English where it is parallel, measured with both tokenizers.
    public let before: [CoverageRow]
    public let after: [CoverageRow]
    /// Lines of parallel English that the new pieces cut otherwise; nil without any.
    @OrNull public private(set) var changedEnglish: Int?
  }

  public let options: Options

  public init(_ options: Options) { self.options = options }

  /// Throws what reading tokenizer and texts throws, `TokenizerFailure.notExtensible`, ``RepairFailure``,
  /// `InterruptionFailure`, `FileFailure`.
  public func run() throws -> Result {
    let base = try TokenizerSource.load(options.tokenizer)
    try base.checkIsExtensible(options.tokenizer)
    let texts = try options.source.texts(options.languages)
    var repair = VocabularyRepair(base)
    let learnedFrom = try texts.map {
      VocabularyExtensionFile.Text(
        language: $0.language, name: $0.text.name, lines: try repair.add($0.text))
    }
    let learned = try repair.learn(options.pieces, fewest: options.fewest)
    guard !learned.pieces.isEmpty else {
      throw RepairFailure.nothingSaves(tokenizer: options.tokenizer, fewest: options.fewest)
    }
    let new = VocabularyExtension(
      tokenizer: base.contentHash, firstId: base.vocabularySize, pieces: learned.pieces)
    let extended = try new.tokenizer(of: options.tokenizer, file: options.output)
    let before = try measure(base, texts)
    let after = try measure(extended, texts)
    try VocabularyExtensionFile(new, texts: learnedFrom, saved: learned.saved)
      .write(to: options.output)
    return Result(
      tokenizer: options.tokenizer, output: options.output, pieces: learned.pieces.count,
      contentHash: extended.contentHash, steps: Self.steps(learned), isPruned: learned.isPruned,
      before: before, after: after, changedEnglish: try changed(texts, base, extended))
  }

  private func measure(
    _ tokenizer: any Tokenizer, _ texts: [LanguageText]
  ) throws -> [CoverageRow] {
    let meter = CoverageMeter(tokenizer)
    return try texts.map { text in
      let counts = try meter.measure(
        text.text, language: text.language, locale: CoverageMeter.locale(of: text.language))
      let english = try text.english.map { try meter.measure($0, language: "en", locale: nil) }
      if let english {
        try CoverageFailure.check(counts, parallel: english, named: text.english?.name ?? "")
      }
      return CoverageRow(
        options.tokenizer,
        MeasuredText(counts, english: english, bootstrap: CoverageBootstrap(for: counts)))
    }
  }

  private func changed(
    _ texts: [LanguageText], _ base: any Tokenizer, _ extended: any Tokenizer
  ) throws -> Int? {
    let english = texts.compactMap(\.english)
    guard !english.isEmpty else { return nil }
    let lines = try Set(english.flatMap { try $0.lines() })
    return lines.count { base.encode($0).ids != extended.encode($0).ids }
  }

  private static func steps(_ learned: VocabularyRepair.Learned) -> [Result.Step] {
    var steps: [Result.Step] = []
    var saved = 0
    var next = [1, 2, 5]
    for (index, saving) in learned.saved.enumerated() {
      saved += saving
      guard index + 1 == next[0] || index + 1 == learned.saved.count else { continue }
      if index + 1 == next[0] { next = Array(next.dropFirst()) + [next[0] * 10] }
      steps.append(
        Result.Step(
          pieces: index + 1, savedShare: Double(saved) / Double(max(1, learned.cost))))
    }
    return steps
  }
}

/// Errors of learning pieces.
public enum RepairFailure: Failure, Equatable {
  case nothingSaves(tokenizer: String, fewest: Int)

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    switch self {
    case .nothingSaves(let tokenizer, let fewest):
      "expected a piece that saves \(fewest) tokens or more in these texts, found none: \(tokenizer) spells "
        + "all of it by single pieces, or there is too little text. Give more text, or a lower --fewest."
    }
  }
}
