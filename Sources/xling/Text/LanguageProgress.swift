import XlingCore
import XlingExperiments
import XlingJobs

/// What a job that loops over languages tells, on stderr: a bar, warnings, what was stored and
/// embedded.
final class LanguageProgress {
  private let verb: String
  private let texts: String
  private var bar: ProgressBar?

  /// `verb` is the command's name; `texts` is what its texts are called.
  init(_ verb: String, texts: String = "captions") {
    self.verb = verb
    self.texts = texts
  }

  func tell(_ event: LanguageEvent) {
    switch event {
    case .step(.began(let run, let total)):
      bar = ProgressBar("\(verb) \(run)", total: total, unit: "languages")
    case .step(.done(let count, let language)): bar?.advance(to: count, language)
    case .step(.ended): bar?.finish()
    case .chose(let chosen): tell(chosen)
    case .warning(let warning): warning.tell()
    case .saved(let saved): tell(saved)
    case .embedded(let pictures, let count, let cache):
      ProgressBar.toStandardError(
        "xling: embedded \(pictures) pictures and \(count) \(texts); what was embedded before came "
          + "from \(cache)\n")
    }
  }

  private func tell(_ chosen: EvaluationSubject.Chosen) {
    let words = [
      chosen.data.map { "its own data, \($0)" }, chosen.split.map { "split \($0.rawValue)" },
      chosen.languages.map { "in \($0.joined(separator: ", "))" },
    ].compactMap { $0 }.joined(separator: ", ")
    ProgressBar.toStandardError("xling: \(chosen.run): \(words)\n")
  }

  private func tell(_ saved: Saved) {
    if saved.kept > 0 {
      ProgressBar.toStandardError(
        "xling: \(saved.kept) results were stored before and are the same; they stay\n")
    }
    if saved.replaced > 0 {
      ProgressBar.toStandardError(
        "xling: \(saved.replaced) stored results differed and were replaced\n")
    }
  }
}
