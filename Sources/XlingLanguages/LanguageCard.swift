import Foundation
import XlingCore

/// Reads one card strictly: unknown, missing and mistyped keys are errors.
struct LanguageCard: Decodable {
  private static let keys = [
    "code", "name", "native_name", "iso639_1", "iso639_3", "flores200", "aliases", "script",
    "scripts", "direction", "icu_locale", "word_breaks", "glottocode", "family", "branch",
    "speakers_log10", "joshi_class", "traps", "pretraining", "wikipedia", "evaluation",
  ]

  let language: Language

  /// Throws ``LanguageFailure/badCard(path:expected:found:)`` or `FileFailure`.
  static func read(_ path: String) throws -> Language {
    let bytes = try AtomicFile.read(path)
    func bad(_ expected: String, _ found: String) -> LanguageFailure {
      .badCard(path: path, expected: expected, found: found)
    }
    let language: Language
    do {
      let json = try TOMLDocument.json(bytes)
      language = try JSONDecoder().decode(LanguageCard.self, from: json).language
    } catch let mistake as TOMLMistake {
      throw bad("TOML", "\(mistake)")
    } catch let mistake as StrictKeys.Mistake {
      throw bad(mistake.expected, mistake.found)
    } catch {
      throw bad("a card", "\(error)")
    }
    let file = PathParts.name(of: path)
    guard file == language.code + ".toml" else {
      throw bad(
        "code = \"\(file.dropLast(5))\", as the file is named", "\"\(language.code)\"")
    }
    return language
  }

  init(from decoder: any Decoder) throws {
    let keys = try StrictKeys(decoder, named: "", known: Self.keys)
    let (code, name): (String, String) = (try keys.required("code"), try keys.required("name"))
    let native: String? = try keys.value("native_name")
    for (key, text) in [("code", code), ("name", name), ("native_name", native ?? "-")]
    where text.isEmpty {
      throw keys.mistake(key, expected: "a text", found: "an empty one")
    }
    let pretraining: LanguagePretraining.Table? = try keys.value("pretraining")
    let evaluation: LanguageEvaluation.Table? = try keys.value("evaluation")
    language = Language(
      code: code, name: name, nativeName: native, codes: try LanguageCodes(keys),
      writing: try LanguageScript(keys), family: try LanguageFamily(keys),
      resources: try LanguageResources(keys),
      pretraining: pretraining?.value ?? LanguagePretraining(),
      evaluation: evaluation?.value ?? LanguageEvaluation(),
      traps: try keys.words(
        "traps", known: LanguageTrap.allCases.map(\.rawValue).joined(separator: ", ")))
  }
}
