import Foundation
import XlingExperiments
import XlingRetrieval

/// What the quickstart's table and page show; plain values, filled from the store.
public struct QuickstartReport: Sendable {
  public struct Language: Sendable, Hashable {
    public var code: String
    public var name: String
    /// The name in the language itself, when known.
    public var endonym: String?
    /// Captions cover less than 95 % of the pictures.
    public var isPartial: Bool

    public init(code: String, name: String, endonym: String? = nil, isPartial: Bool = false) {
      self.code = code
      self.name = name
      self.endonym = endonym
      self.isPartial = isPartial
    }
  }

  public struct Method: Sendable {
    /// As on the command line: `lwa`.
    public var id: String
    public var label: String
    public var trainableCount: Int
    public var parameterCount: Int
    public var seconds: Double

    public init(
      id: String, label: String, trainableCount: Int, parameterCount: Int, seconds: Double
    ) {
      self.id = id
      self.label = label
      self.trainableCount = trainableCount
      self.parameterCount = parameterCount
      self.seconds = seconds
    }

    /// 0...1.
    public var trainableShare: Double { Double(trainableCount) / Double(max(1, parameterCount)) }
  }

  /// One figure: a method on a language in a direction, rates in 0...1.
  public struct Result: Sendable {
    public var method: String
    public var language: String
    public var direction: Direction
    public var estimate: Estimate
    /// What a scorer that knows nothing is expected to reach, 0...1.
    public var chance: Double?

    public init(
      method: String, language: String, direction: Direction, estimate: Estimate,
      chance: Double? = nil
    ) {
      self.method = method
      self.language = language
      self.direction = direction
      self.estimate = estimate
      self.chance = chance
    }

    var isMarked: Bool { chance.flatMap(estimate.covers) == true }
  }

  /// A paired test: `first` minus `second`.
  public struct PairedTest: Sendable {
    public var first: String
    public var second: String
    public var language: String
    public var direction: Direction
    public var comparison: Comparison
    /// After Holm's correction over the family shown; nil where nothing is tested.
    public var adjustedP: Double?

    public init(
      first: String, second: String, language: String, direction: Direction,
      comparison: Comparison, adjustedP: Double?
    ) {
      self.first = first
      self.second = second
      self.language = language
      self.direction = direction
      self.comparison = comparison
      self.adjustedP = adjustedP
    }
  }

  /// A difference averaged over the languages other than English, both directions.
  public struct OverallTest: Sendable {
    public var first: String
    public var second: String
    public var firstMean: Estimate
    public var secondMean: Estimate
    public var comparison: Comparison
    /// Languages in the mean.
    public var languageCount: Int

    public init(
      first: String, second: String, firstMean: Estimate, secondMean: Estimate,
      comparison: Comparison, languageCount: Int
    ) {
      self.first = first
      self.second = second
      self.firstMean = firstMean
      self.secondMean = secondMean
      self.comparison = comparison
      self.languageCount = languageCount
    }
  }

  public struct Picture: Sendable {
    public var jpeg: Data
    /// What the picture shows, read by screen readers.
    public var description: String
    public var isGold: Bool

    public init(jpeg: Data, description: String, isGold: Bool) {
      self.jpeg = jpeg
      self.description = description
      self.isGold = isGold
    }
  }

  /// A text query and the pictures that came first.
  public struct Example: Sendable {
    public var query: String
    public var language: Language
    public var translation: String?
    public var answers: [Answer]
    /// "missed by lwa": which part of the queries it was drawn from; empty: none.
    public var drawnAs: String

    public init(
      query: String, language: Language, translation: String?, answers: [Answer],
      drawnAs: String = ""
    ) {
      self.drawnAs = drawnAs
      self.query = query
      self.language = language
      self.translation = translation
      self.answers = answers
    }
  }

  public struct Answer: Sendable {
    public var method: String
    /// 1-based rank of the gold picture.
    public var goldRank: Int
    public var pictures: [Picture]

    public init(method: String, goldRank: Int, pictures: [Picture]) {
      self.method = method
      self.goldRank = goldRank
      self.pictures = pictures
    }
  }

  /// Results on a part of the queries, such as those with words held out of translation pairs;
  /// means over the languages other than English.
  public struct SplitResult: Sendable {
    public var subset: String
    public var method: String
    public var direction: Direction
    public var estimate: Estimate
    /// What a scorer that knows nothing is expected to reach, 0...1.
    public var chance: Double?

    public init(
      subset: String, method: String, direction: Direction, estimate: Estimate,
      chance: Double? = nil
    ) {
      self.subset = subset
      self.method = method
      self.direction = direction
      self.estimate = estimate
      self.chance = chance
    }
  }

  /// What repeats in a language, and what a method reaches where any of the equal items counts.
  public struct Repeats: Sendable {
    public var language: String
    public var method: String
    /// Captions whose text another one has too.
    public var captions: Int
    /// Lenient recall, text to image, and the most that strict recall can reach.
    public var lenient: Estimate
    public var bound: Estimate

    public init(
      language: String, method: String, captions: Int, lenient: Estimate, bound: Estimate
    ) {
      self.language = language
      self.method = method
      self.captions = captions
      self.lenient = lenient
      self.bound = bound
    }
  }

  /// How a method's loss fell.
  public struct Curve: Sendable {
    public var method: String
    public var training: [TrainStep]
    public var validation: [ValidationStep]

    public init(method: String, training: [TrainStep], validation: [ValidationStep]) {
      self.method = method
      self.training = training
      self.validation = validation
    }
  }

  public var title: String
  /// A sentence on what was done.
  public var summary: String
  /// As stored: `R@10`.
  public var metric: String
  /// English, the aligned language.
  public var alignedLanguage: String
  /// The method the others are compared with.
  public var reference: String
  public var languages: [Language]
  /// The columns of the short table, codes.
  public var headlineLanguages: [String]
  public var methods: [Method]
  /// Methods in the dot plot, the reference among them; three at the most.
  public var plotted: [String]
  public var results: [Result]
  public var pairedTests: [PairedTest]
  public var overallTests: [OverallTest]
  public var splitResults: [SplitResult]
  public var curves: [Curve]
  public var examples: [Example]
  /// How examples were drawn, in a sentence.
  public var exampleRule = ""
  public var repeats: [Repeats] = []
  public var measured: EvaluationProtocol
  /// More lines of the provenance block: seeds, hashes, machine, command.
  public var provenance: [(name: String, value: String)]

  public init(
    title: String, summary: String, metric: String = "R@10", alignedLanguage: String = "en",
    reference: String = "full", languages: [Language], headlineLanguages: [String],
    methods: [Method], plotted: [String] = ["full", "lwa", "da"], results: [Result],
    pairedTests: [PairedTest] = [], overallTests: [OverallTest] = [],
    splitResults: [SplitResult] = [], curves: [Curve] = [], examples: [Example] = [],
    measured: EvaluationProtocol,
    provenance: [(name: String, value: String)] = []
  ) {
    self.title = title
    self.summary = summary
    self.metric = metric
    self.alignedLanguage = alignedLanguage
    self.reference = reference
    self.languages = languages
    self.headlineLanguages = headlineLanguages
    self.methods = methods
    self.plotted = plotted
    self.results = results
    self.pairedTests = pairedTests
    self.overallTests = overallTests
    self.splitResults = splitResults
    self.curves = curves
    self.examples = examples
    self.measured = measured
    self.provenance = provenance
  }
}

extension QuickstartReport {
  func result(_ method: String, _ language: String, _ direction: Direction) -> Result? {
    results.first {
      $0.method == method && $0.language == language && $0.direction == direction
    }
  }

  func estimate(_ method: String, _ language: String, _ direction: Direction) -> Estimate? {
    result(method, language, direction)?.estimate
  }

  /// All methods answer the same queries.
  func chance(_ language: String, _ direction: Direction) -> Double? {
    results.first { $0.language == language && $0.direction == direction }?.chance
  }

  /// What stands under a table that has a figure of `codes`.
  func chanceNote(_ codes: [String], separator: String = " ") -> String {
    let isBare = results.contains { !$0.estimate.hasInterval && codes.contains($0.language) }
    return (isBare ? "±– and " + IntervalText.note + separator : "")
      + ChanceText.note(
        metrics: 1, marked: results.contains { $0.isMarked && codes.contains($0.language) },
        separator: separator)
  }

  func label(_ method: String) -> String {
    methods.first { $0.id == method }?.label ?? method
  }

  func name(_ language: String) -> String {
    languages.first { $0.code == language }?.name ?? language
  }
}

extension Direction {
  /// In a reader's words.
  public var title: String {
    switch self {
    case .imageToText: "image → text"
    case .textToImage: "text → image"
    }
  }
}
