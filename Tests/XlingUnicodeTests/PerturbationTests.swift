import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingUnicode

/// By scripts/generate_perturbation_goldens.py.
struct PerturbationGoldens: Decodable {
  let rows: [[String: String]]

  static let all = Result {
    let path = Fixtures.path("perturbations.json")
    return try JSONDecoder().decode(
      PerturbationGoldens.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  static var texts: [String] { (try? all.get().rows.compactMap { $0["text"] }) ?? [] }
}

@Suite struct PerturbationTests {
  /// Swift's == takes NFC and NFD for one text.
  private static func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

  private static func apply(
    _ perturbation: Perturbation, _ text: String, _ language: String? = nil, seed: UInt64 = 0
  ) throws -> [UInt32] {
    scalars(try perturbation.apply(text, language: language, seed: seed))
  }

  @Test(arguments: [
    Perturbation.nfd, .nfc, .noDiacritics, .capitals, .fullwidth, .crlf, .translit,
  ])
  func agreesWithPython(perturbation: Perturbation) throws {
    let rows = try PerturbationGoldens.all.get().rows
    #expect(rows.count >= 25)
    for row in rows {
      let text = try #require(row["text"])
      let expected = try #require(row[perturbation.rawValue])
      #expect(try Self.apply(perturbation, text) == Self.scalars(expected), "\(text)")
    }
  }

  @Test(arguments: PerturbationGoldens.texts)
  func twiceIsOnce(text: String) throws {
    for perturbation in Perturbation.allCases where !perturbation.isDrawn {
      let once = try perturbation.apply(text)
      #expect(
        try Self.apply(perturbation, once) == Self.scalars(once), "\(perturbation.rawValue)")
    }
  }

  @Test(arguments: PerturbationGoldens.texts)
  func whatCanBeUndone(text: String) throws {
    let nfc = try Self.apply(.nfc, text)
    #expect(try Self.apply(.nfc, try Perturbation.nfd.apply(text)) == nfc)
    let joined = try Self.apply(.zwj, text)
    #expect(
      joined.filter { $0 != 0x200D } == Self.scalars(text).filter { $0 != 0x200D })
    let wide = try NormalizationForm.nfkc.normalize(try Perturbation.fullwidth.apply(text))
    #expect(Self.scalars(wide) == Self.scalars(try NormalizationForm.nfkc.normalize(text)))
    let lines = try Self.apply(.crlf, text)
    #expect(lines.suffix(2) == [0x0D, 0x0A])
    #expect(lines.count { $0 == 0x0D } == lines.count { $0 == 0x0A })
  }

  @Test func joinersStandInsideWordsOnly() throws {
    let joined = Array(try Perturbation.zwj.apply("dogs a run", seed: 1).unicodeScalars)
    #expect(joined.count { $0 == "\u{200D}" } == 2)
    for (index, scalar) in joined.enumerated() where scalar == "\u{200D}" {
      #expect(
        joined[index - 1].properties.isAlphabetic && joined[index + 1].properties.isAlphabetic)
    }
  }

  @Test func slipsHitNeighbours() throws {
    let text = "Several large animals quietly watch another beautiful mountain morning together"
    let original = Array(text.unicodeScalars)
    var hits = 0
    for seed in 0..<200 as Range<UInt64> {
      let typed = Array(
        try Perturbation.keyboard.apply(text, language: "en", seed: seed).unicodeScalars)
      #expect(typed.count == original.count)
      var inWord = 0
      for (was, now) in zip(original, typed) {
        if was == " " { inWord = 0 }
        guard was != now else { continue }
        (hits, inWord) = (hits + 1, inWord + 1)
        #expect(inWord == 1, "two slips in a word")
        #expect(KeyboardNoise.beside(was, "en").contains(now), "\(was) to \(now)")
      }
    }
    // 200 texts of 10 words at 0.3: 600, deviation 20.5.
    #expect((520...680).contains(hits))
  }

  @Test func slipsFollowLanguageAndScript() throws {
    #expect(KeyboardLayout.qwerty.neighbours(of: "a").map(String.init) == ["q", "w", "s", "z"])
    #expect(KeyboardNoise.beside("A", "fr").map(String.init) == ["Z", "Q"])
    #expect(KeyboardNoise.beside("z", "de").contains("u"))
    #expect(KeyboardNoise.beside("ı", "tr").contains("o"))
    #expect(KeyboardNoise.beside("й", "ru").contains("ц"))
    for text in ["两只狗在海滩上奔跑", "강아지들이강아지들이", "सुंदर कुत्ते दौड़ते", "éèêë"] {
      for seed in 0..<20 as Range<UInt64> {
        #expect(try Self.apply(.keyboard, text, seed: seed) == Self.scalars(text))
      }
    }
  }

  @Test func drawsDependOnSeedAndTextAlone() throws {
    let text = "Several large animals quietly watch another beautiful mountain"
    for perturbation in Perturbation.allCases where perturbation.isDrawn {
      let first = try Self.apply(perturbation, text, seed: 3)
      #expect(try Self.apply(perturbation, text, seed: 3) == first)
      let others = try (4..<12).map { try Self.apply(perturbation, text, seed: $0) }
      #expect(others.contains { $0 != first })
    }
  }

  @Test func capitalsFollowTheLanguage() throws {
    #expect(try Self.apply(.capitals, "iki", "tr") == Self.scalars("İKİ"))
    #expect(try Self.apply(.capitals, "iki", "en") == Self.scalars("IKI"))
    #expect(try Self.apply(.capitals, "iki", "x-emoji") == Self.scalars("IKI"))
  }

  @Test func names() throws {
    #expect(try Perturbation.list("nfd, case,nfd") == [.nfd, .capitals])
    #expect(try Perturbation.list("all") == Perturbation.allCases)
    #expect(throws: PerturbationFailure.none) { try Perturbation.list(",") }
    do {
      _ = try Perturbation(named: "keybord")
      Issue.record("taken")
    } catch {
      #expect(error.description.contains("Did you mean keyboard?"))
      #expect(error.exitStatus == .usage)
    }
  }
}
