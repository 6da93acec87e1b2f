import XlingData
import XlingEvaluation
import XlingExperiments

// Translations in the place of captions.
extension EvaluateJob {
  /// Throws `TranslationFailure`, and what reading the file throws.
  func translations(
    _ subject: EvaluationSubject.Loaded, _ evaluator: Evaluator
  ) throws -> TranslatedCaptions? {
    guard let path = options.translations else { return nil }
    guard subject.languages.count == 1, let language = subject.languages.first else {
      throw TranslationFailure.languages(given: subject.languages)
    }
    guard language != subject.run.record.identity.configuration.language else {
      throw TranslationFailure.ownLanguage(language)
    }
    return try TranslatedCaptions(
      path: path, language: language,
      of: try subject.dataset.gold(
        language, subject.split, perImage: evaluator.plan.captionsPerPicture))
  }

  /// What is measured beside the captions that translations stand for.
  /// Pictures are those that were embedded for the captions. Throws as ``run(on:in:_:)``, and `TranslationFailure`.
  func translatedBeside(
    _ subject: EvaluationSubject.Loaded, _ evaluator: Evaluator, _ store: ExperimentStore,
    _ observe: (LanguageEvent) throws -> Void
  ) throws -> [Translated] {
    let given = evaluator.translations
    defer { evaluator.translations = given }
    let own = subject.run.record.identity.configuration.language
    return try options.translationsBeside.compactMap { language, file in
      let code = try DatasetLanguages.resolve(language, in: subject.dataset, split: subject.split)
      guard code != own else { return nil }
      evaluator.translations = try TranslatedCaptions(
        path: file, language: code,
        of: try subject.dataset.gold(
          code, subject.split, perImage: evaluator.plan.captionsPerPicture))
      var alone = subject
      alone.languages = [code]
      _ = try evaluations(alone, evaluator, store, observe)
      return Translated(language: code, file: file, protocol: evaluator.measured().hash)
    }
  }
}
