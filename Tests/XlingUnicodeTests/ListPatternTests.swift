import Testing

@testable import XlingUnicode

/// Literals from CLDR's charts, independent of the ICU under test.
@Suite struct ListPatternTests {
  @Test(arguments: [
    ("en", ["bicycle", "pizza", "cat"], "bicycle, pizza, and cat"),
    ("en_GB", ["bicycle", "pizza", "cat"], "bicycle, pizza and cat"),
    ("ru", ["велосипед", "пицца", "кот"], "велосипед, пицца и кот"),
    ("tr", ["bisiklet", "pizza", "kedi"], "bisiklet, pizza ve kedi"),
    ("zh", ["自行车", "比萨饼", "猫"], "自行车、比萨饼和猫"),
    ("ja", ["自転車", "ピザ", "猫"], "自転車、ピザ、猫"),
    ("ru", ["велосипед", "кот"], "велосипед и кот"),
    ("ja", ["猫"], "猫"),
    ("en", [], ""),
    // Spanish "y" becomes "e" before the sound i: more than a fixed pattern.
    ("es", ["gato", "iglesia"], "gato e iglesia"),
    ("es", ["gato", "pizza"], "gato y pizza"),
  ])
  func joinsAsTheLanguageDoes(locale: String, items: [String], expected: String) throws {
    #expect(Array(try ListPattern(locale: locale).join(items).utf8) == Array(expected.utf8))
  }

  @Test func longListsGrowTheBuffer() throws {
    let items = (0..<500).map { "item \($0) 🚲" }
    let joined = try ListPattern(locale: "tr").join(items)
    #expect(joined == items.dropLast().joined(separator: ", ") + " ve " + items[499])
  }

  @Test(arguments: ["", "123", "_", "a"])
  func refusesWhatIsNoLocale(locale: String) {
    #expect(throws: UnicodeFailure.self) { try ListPattern(locale: locale) }
  }

  @Test func oneFormatterServesManyThreads() async throws {
    let pattern = try ListPattern(locale: "zh")
    await withTaskGroup(of: String.self) { group in
      for number in 0..<64 { group.addTask { pattern.join(["\(number)", "猫", "狗"]) } }
      for await text in group { #expect(text.hasSuffix("、猫和狗")) }
    }
  }

  /// ICU falls back to the environment's language by default: under LANG=tr_TR "xx" said "ve".
  @Test func whatIcuLacksIsTheRootsNotTheUsers() throws {
    #expect(try ListPattern(locale: "xx").join(["a", "b", "c"]) == "a, b, c")
    #expect(try LocaleData.displayName(ofLanguage: "de", in: "xx") == nil)
    #expect(try !LocaleData.covers("xx"))
    #expect(try LocaleData.covers("zh_Hant") && LocaleData.covers("yo"))
  }
}
