import XlingCore

/// How much there is of a language. What is nil is not known, which is not nothing.
public struct LanguageResources: Sendable, Equatable, Codable {
  /// An edition of Wikipedia.
  public struct Wikipedia: Sendable, Equatable, Codable {
    /// Its subdomain: "tl" of Filipino.
    public var edition: String
    /// When articles and users were counted: "2025-12-03".
    public var date: String
    public var articles: Int
    /// Of the last thirty days; few with many articles: robots wrote them.
    public var activeUsers: Int?
    /// In August 2020.
    public var articles2020: Int?
    /// Between spaces, in the dumps of October 2020; nil where no spaces stand between words.
    public var words2020: Int?
  }

  /// The class of Joshi et al. 2020 (arXiv:2004.09095), 0 ("the left-behinds") to 5 ("the winners").
  public var joshiClass: Int?
  /// floor(log10) of the speakers, first and second language: 7 is ten million to a hundred million.
  public var speakersLog10: Int?
  public var wikipedia: Wikipedia?

  public init(joshiClass: Int? = nil, speakersLog10: Int? = nil, wikipedia: Wikipedia? = nil) {
    self.joshiClass = joshiClass
    self.speakersLog10 = speakersLog10
    self.wikipedia = wikipedia
  }

  init(_ keys: StrictKeys) throws {
    joshiClass = try keys.value("joshi_class")
    if let joshiClass, !(0...5).contains(joshiClass) {
      throw keys.mistake("joshi_class", expected: "0 to 5", found: "\(joshiClass)")
    }
    speakersLog10 = try keys.value("speakers_log10")
    if let speakersLog10, !(0...10).contains(speakersLog10) {
      throw keys.mistake("speakers_log10", expected: "0 to 10", found: "\(speakersLog10)")
    }
    let table: WikipediaTable? = try keys.value("wikipedia")
    wikipedia = table?.value
  }

  /// The table `[wikipedia]`.
  private struct WikipediaTable: Decodable {
    let value: Wikipedia

    init(from decoder: any Decoder) throws {
      let keys = try StrictKeys(
        decoder, named: "wikipedia",
        known: ["edition", "date", "articles", "active_users", "articles_2020", "words_2020"])
      value = Wikipedia(
        edition: try keys.required("edition"), date: try keys.required("date"),
        articles: try keys.required("articles"), activeUsers: try keys.value("active_users"),
        articles2020: try keys.value("articles_2020"), words2020: try keys.value("words_2020"))
      let day = value.date.split(separator: "-", omittingEmptySubsequences: false)
      guard day.map(\.utf8.count) == [4, 2, 2], day.allSatisfy({ Int($0) != nil }) else {
        throw keys.mistake("date", expected: "year-month-day", found: "\"\(value.date)\"")
      }
      guard value.articles >= 0 else {
        throw keys.mistake("articles", expected: "0 or more", found: "\(value.articles)")
      }
    }
  }
}
