import XlingEvaluation
import XlingExperiments
import XlingRetrieval
import XlingUnicode

/// Retrieval with captions written otherwise.
public struct PerturbedResult: Codable, Sendable, Equatable {
  /// How much of a language's captions a perturbation writes otherwise.
  public struct Changed: Codable, Sendable, Equatable {
    public let language: String
    public let captions: Int
    public let changed: Int
  }

  public let perturbation: Perturbation
  /// nil where nothing is drawn.
  public let seed: UInt64?
  public let changes: [Changed]
  /// Every metric of every language and direction; subsets are labelled.
  public private(set) var rows: [ResultRow]

  /// Throws `UnicodeFailure`, `DataFailure`.
  init(
    _ perturbation: CaptionPerturbation, _ evaluations: [Evaluation], _ metrics: [Metric],
    _ evaluator: Evaluator, _ subject: EvaluationSubject.Loaded
  ) throws {
    self.perturbation = perturbation.kind
    seed = perturbation.kind.isDrawn ? perturbation.seed : nil
    changes = try subject.languages.map { language in
      let captions = try subject.dataset.gold(
        language, subject.split, perImage: evaluator.plan.captionsPerPicture
      ).captions
      return Changed(
        language: language, captions: captions.count,
        changed: try perturbation.changes(captions, language: language))
    }
    rows = evaluations.flatMap { evaluation in
      ResultRow.rows(
        evaluation, metrics,
        partial: subject.dataset.coverage(evaluation.language, subject.split).isPartial)
    }
  }

  mutating func note(fewShot words: String?) {
    for at in rows.indices { rows[at].fewShot = words }
  }

  /// The subset of all queries, as rows and the store have it.
  public var subset: String {
    "all" + CaptionPerturbation(perturbation, seed: seed ?? 0).label
  }
}
