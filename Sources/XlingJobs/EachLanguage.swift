import XlingCore

/// How far a loop over languages has come.
public enum LanguageStep: Sendable, Equatable {
  /// `run` is the stored name of what the loop is about.
  case began(run: String, total: Int)
  case done(Int, language: String)
  case ended
}

/// The loop over languages that all jobs share: it asks before each language whether to stop, and
/// tells after each how far it is.
enum EachLanguage {
  /// What `work` makes of each language, in their order; `work` also saves it, so that an
  /// interrupted loop keeps what it told.
  ///
  /// `kept` says what there is to go on from when so many languages are done, as in "evaluated and
  /// stored 3 of 30 languages". Throws `InterruptionFailure`, and what `work` and `observe` throw.
  static func map<Value>(
    _ languages: [String], of run: String,
    kept: (Int) -> String = { _ in "nothing is kept but embeddings" },
    observe: (LanguageStep) throws -> Void, work: (String) throws -> Value
  ) throws -> [Value] {
    try observe(.began(run: run, total: languages.count))
    var values: [Value] = []
    for (index, language) in languages.enumerated() {
      try Interruption.check(kept(index))
      values.append(try work(language))
      try observe(.done(index + 1, language: language))
    }
    try observe(.ended)
    return values
  }
}
