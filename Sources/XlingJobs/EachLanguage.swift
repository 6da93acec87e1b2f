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
    try map(
      languages, of: run, kept: kept, observe: observe, ahead: { _ in },
      work: { language, _ in try work(language) })
  }

  /// The same in two halves: while `work` goes on with one language, another thread does `ahead` of the
  /// next. Only one `ahead` is under way at a time, and none outlives the loop; what it throws is thrown
  /// when its language comes.
  static func map<Ahead: Sendable, Value>(
    _ languages: [String], of run: String,
    kept: (Int) -> String, observe: (LanguageStep) throws -> Void,
    ahead: @escaping @Sendable (String) throws -> Ahead,
    work: (String, Ahead) throws -> Value
  ) throws -> [Value] {
    typealias Next = Meanwhile<Result<Ahead, any Error>>
    func begin(_ index: Int) -> Next? {
      guard index < languages.count else { return nil }
      let language = languages[index]
      return Next { Result { try ahead(language) } }
    }
    try observe(.began(run: run, total: languages.count))
    var values: [Value] = []
    var next = begin(0)
    for (index, language) in languages.enumerated() {
      try Interruption.check(kept(index))
      guard let ready = try next?.value.get() else { break }
      next = begin(index + 1)
      values.append(try work(language, ready))
      try observe(.done(index + 1, language: language))
    }
    try observe(.ended)
    return values
  }
}
