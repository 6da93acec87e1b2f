import Testing

@testable import XlingLanguages

@Suite struct LanguageTagTests {
  @Test(arguments: [
    "en", "zh-Hant", "pt-BR", "sr-Latn-RS", "de-CH-1996", "x-emoji", "es-419", "sl-rozaj-biske",
    "zh-cmn-Hans-CN", "de-a-value", "en-x-private", "i-klingon", "english",
  ])
  func wellFormed(tag: String) { #expect(LanguageTag.isWellFormed(tag)) }

  @Test(arguments: [
    "", " ", "e", "e/n", "..", "en tr", "en-", "-en", "en--US", "en_US", "en\n", "en\u{0}",
    "en\u{202E}", "x", "de-x", "de-a", "en-Latn-Latn", "ünïcode", "en-toolongsubtag",
    String(repeating: "a", count: 5000),
  ])
  func notWellFormed(tag: String) throws {
    #expect(!LanguageTag.isWellFormed(tag))
    if tag != "en_US" { #expect(try LanguageSpellings.load().language(tag) == nil) }
  }

  @Test(arguments: [
    ("zh_CN", "zh"), ("zho_Hans", "zh"), ("cmn", "zh"), ("zh-Hans", "zh"), ("zh_TW", "zh-Hant"),
    ("zho_Hant", "zh-Hant"), ("zh-hant", "zh-Hant"), ("jp", "ja"), ("iw", "he"), ("in", "id"),
    ("tur_Latn", "tr"), ("ger", "de"), ("nb", "no"), ("nob_Latn", "no"), ("tgl_Latn", "fil"),
    ("prs_Arab", "fa-AF"), ("arb_Latn", "ar-Latn"), ("srp_Latn", "sr-Latn"), ("iw-IL", "he-IL"),
    ("kor_Hang", "ko"), ("EN", "en"), ("pt_br", "pt-BR"), ("zh-yue", "yue"), ("tr", "tr"),
    ("x-emoji", "x-emoji"), ("de-CH-1996", "de-CH-1996"), ("qaa", "qaa"),
  ])
  func spellings(given: String, language: String) throws {
    #expect(try LanguageSpellings.load().language(given) == language)
  }

  @Test func cardsKeepTheirCodes() throws {
    let spellings = try LanguageSpellings.load()
    for card in try Languages.load().all {
      #expect(spellings.language(card.code) == card.code)
      for alias in card.aliases { #expect(spellings.language(alias) == card.code) }
    }
    #expect(try Languages.load().find("jp").code == "ja")
  }
}
