import XlingExperiments

/// What a job that loops over languages tells while it works.
public enum LanguageEvent: Sendable, Equatable {
  case step(LanguageStep)
  /// What was taken for what nobody named.
  case chose(EvaluationSubject.Chosen)
  case warning(Warning)
  /// What became of the results in the store.
  case saved(Saved)
  /// Contents that were in no cache; `cache` keeps them from now on.
  case embedded(pictures: Int, texts: Int, cache: String)
}
