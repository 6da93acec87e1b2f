/// What captions that come without a language are labelled with.
public enum LanguageLabel {
  /// A card's code; else our code for the tag that is given, for languages without a card; `und`
  /// (BCP 47: undetermined) when nothing is given. Throws ``LanguageFailure`` for what is no tag
  /// either.
  public static func code(_ given: String?) throws -> String {
    guard let given else { return "und" }
    do {
      return try Languages.load().find(given).code
    } catch let failure as LanguageFailure {
      // Longer first subtags are well-formed too, but rather a language's name that is misspelt.
      let first = given.prefix { $0 != "-" && $0 != "_" }.utf8.count
      guard first <= 3, let code = try LanguageSpellings.load().language(given) else {
        throw failure
      }
      return code
    }
  }
}
