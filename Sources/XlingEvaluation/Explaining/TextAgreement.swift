import XlingAlignment
import XlingCore
import XlingExperiments
import XlingRetrieval
import XlingTensor
import XlingTokenizers

/// How often a run's text side finds the English line that a line translates: no picture is needed. Every
/// figure is of galleries of ``gallery`` lines (`Ranking.firstAmong`), so that texts of other lengths compare.
public struct TextAgreement {
  public static let gallery = 30

  private let model: DualEncoder
  private let tokenizer: any Tokenizer
  private let plan: EvaluationPlan
  private var kept: KeptEmbeddings

  /// `cache` as `Evaluator` has it; captions are read as `plan` says.
  public init(
    _ model: DualEncoder, tokenizer: any Tokenizer, plan: EvaluationPlan,
    cache: (rows: EmbeddingCache, model: String)?
  ) {
    (self.model, self.tokenizer, self.plan) = (model, tokenizer, plan)
    kept = KeptEmbeddings(cache, width: model.embeddingWidth)
  }

  /// The mean chance over lines, and how many; nil where fewer than ``gallery`` different English lines are
  /// there. Of equal English lines the first counts. Throws `EmbeddingFailure`, `UnicodeFailure`,
  /// `ExperimentFailure`, `InterruptionFailure`.
  public mutating func measure(
    _ lines: [String], english: [String], language: String
  ) throws -> (value: Double, lines: Int)? {
    var seen: Set<[UInt8]> = []
    let places = english.indices.filter { seen.insert(Array(english[$0].utf8)).inserted }
    guard places.count >= Self.gallery else { return nil }
    let own = try embed(places.map { lines[$0] }, language)
    let other = try embed(places.map { english[$0] }, "en")
    let ranking = try Ranking(
      queries: own, gallery: other, gold: GoldRelation(single: places.indices.map(Int32.init)))
    let chances = ranking.firstAmong(Self.gallery)
    return (chances.reduce(0, +) / Double(chances.count), chances.count)
  }

  private mutating func embed(_ lines: [String], _ language: String) throws -> EmbeddingMatrix {
    let ids = try lines.map {
      try plan.reading.ids(
        of: $0, language: language, maximumTokens: plan.maximumTokens, by: tokenizer)
    }
    // `kept` changes while the closure reads the model.
    let model = model
    return try kept.rows(of: ids.map(Digest.key(ids:)), what: "sentences", batch: 4_096) {
      places in try model.embedTexts(places.map { ids[$0] }, batchSize: 256)
    }
  }
}
