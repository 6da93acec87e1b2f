import Foundation
import Testing
import XlingCore
import XlingUnicode

@testable import XlingLanguages

/// Every shipped card against ICU and CLDR, which were not asked for what the facts' tables have.
@Suite struct CardConformanceTests {
  private let cards: [Language]

  init() throws { cards = try Languages.load().all }

  @Test func allThatStudiesNeedAreThere() {
    #expect(cards.count >= 219)
    func count(_ set: EvaluationSet) -> Int { cards.count { $0.evaluation.sets.contains(set) } }
    #expect(count(.xtd10) == 11)
    #expect(count(.xm3600) == 36)
    #expect(count(.xFlickrCO) == 8)
    #expect(count(.witIGLUE) == 11)
    #expect(count(.multi30k) == 4)
    #expect(count(.xGQA) == 8)
    #expect(count(.maRVL) == 5)
    #expect(count(.xVNLI) == 5)
    // NLLB's 202 codes without Santali.
    #expect(count(.flickr30k200) == 201)
    #expect(count(.babelImageNet) == 93)
  }

  @Test func codesAgreeWithICU() throws {
    for card in cards {
      let locale = card.code.replacingOccurrences(of: "-", with: "_")
      // no is Bokmål here; ICU folds twi into ak, and has Kurmanji's and macrolanguages' own codes.
      let asked = card.code == "no" ? "nb" : locale
      if let three = LocaleData.iso639Part3(of: asked) {
        #expect(card.codes.iso639Part3 == three, "\(card.code)")
      }
      if let two = card.codes.iso639Part1 {
        #expect(LocaleData.iso639Part3(of: two) == card.codes.iso639Part3, "\(card.code)")
      }
      #expect(LocaleData.isAvailable(locale) == (card.codes.icuLocale != nil), "\(card.code)")
      if let icu = card.codes.icuLocale { #expect(LocaleData.isAvailable(icu)) }
      for script in card.writing.all {
        #expect(LocaleData.isScript(script), "\(card.code): \(script)")
      }
    }
  }

  @Test func scriptsAndDirectionsAgreeWithICU() {
    for card in cards {
      let locale = card.code.replacingOccurrences(of: "-", with: "_")
      // Where ICU's CLDR (42) knows no likely script, it answers with none.
      if let script = LocaleData.likelyScript(of: locale) {
        #expect(card.script == script, "\(card.code)")
        #expect(
          LocaleData.isRightToLeft(locale) == (card.direction == .rightToLeft), "\(card.code)")
      }
    }
  }

  private static let main = "/usr/share/unicode/cldr/common/main"

  @Test(.enabled(if: FileManager.default.fileExists(atPath: main)))
  func nativeNamesAreWhereCLDRHasTheLocale() {
    for card in cards {
      let file = Self.main + "/" + card.code.replacingOccurrences(of: "-", with: "_") + ".xml"
      let hasFile = FileManager.default.fileExists(atPath: file)
      #expect(hasFile || card.nativeName == nil, "\(card.code): native name from nowhere")
      if hasFile, card.nativeName != nil, card.code.utf8.count == 2, card.code != "nn" {
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        #expect(text.contains(">\(card.nativeName ?? "")<"), "\(card.code)")
      }
    }
  }

  @Test func factsHangTogether() {
    for card in cards {
      #expect(card.codes.iso639Part3 != nil && card.family.name != nil, "\(card.code)")
      if card.pretraining.cc100GiB != nil { #expect(card.pretraining.models.contains(.xlmR)) }
      if card.pretraining.mc4Gtokens != nil { #expect(card.pretraining.models.contains(.mT5)) }
      #expect(
        (card.pretraining.mmBERTPhase != nil) == card.pretraining.models.contains(.mmBERT),
        "\(card.code)")
      if card.pretraining.models.contains(.mBART25) {
        #expect(card.pretraining.models.contains(.mBART50), "\(card.code)")
      }
      let tibetan = card.script == "Tibt"
      #expect((card.writing.wordBreaks == .none) == tibetan)
      #expect(card.traps.contains(.presentationForms) == (card.script == "Arab"))
      if card.writing.wordBreaks != .spaces { #expect(card.resources.wikipedia?.words2020 == nil) }
    }
    #expect(cards.filter { $0.traps.contains(.dottedI) }.map(\.code) == ["az", "tr"])
    #expect(cards.filter { $0.traps.contains(.hangulForms) }.map(\.code) == ["ko"])
    #expect(cards.filter { $0.traps.contains(.digraphLetters) }.map(\.code).contains("sr-Latn"))
  }

  @Test func everySpellingIsOneLanguage() throws {
    let (languages, spellings) = (try Languages.load(), try LanguageSpellings.load())
    for card in cards {
      for given in card.aliases + card.codes.flores200 + spellings.others(of: card.code) {
        #expect(try languages.find(given).code == card.code, "\(given)")
      }
    }
  }

  /// Figures looked up by hand in the sources.
  @Test func knownFigures() throws {
    let languages = try Languages.load()
    let turkish = try languages.find("tr")
    #expect(turkish.pretraining.cc100GiB == 20.9)
    #expect(turkish.pretraining.mc4Gtokens == 71)
    #expect(turkish.resources.joshiClass == 4)
    #expect(turkish.resources.wikipedia?.articles == 654_099)
    #expect(turkish.codes.iso639Part3 == "tur" && turkish.codes.flores200 == ["tur_Latn"])
    let chinese = try languages.find("zho_Hans")
    #expect(chinese.pretraining.cc100GiB == 46.9)
    #expect(chinese.resources.joshiClass == 5)
    #expect(try languages.find("zh-Hant").resources.joshiClass == nil)
    #expect(try languages.find("kab").pretraining.models == [.nllb200, .mmBERT])
    #expect(try languages.find("bo").nativeName == "བོད་སྐད་")
    #expect(try languages.find("ace").nativeName == nil)
  }
}
