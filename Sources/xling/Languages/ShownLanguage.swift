import XlingLanguages
import XlingReports

/// A language as `xling languages` prints it: what is not known is left out.
struct ShownLanguage: Encodable {
  let schema = "xling.language/1"
  let code: String
  let name: String
  let nativeName: String?
  let codes: LanguageCodes
  let writing: LanguageScript
  let family: LanguageFamily
  let resources: LanguageResources
  let pretraining: LanguagePretraining
  let evaluation: LanguageEvaluation
  let traps: [LanguageTrap]
  /// What is understood in the code's place, beside the names; nil where it was not asked for.
  let spellings: [String]?

  init(_ language: Language, spellings others: [String]?) {
    code = language.code
    name = language.name
    nativeName = language.nativeName
    codes = language.codes
    writing = language.writing
    family = language.family
    resources = language.resources
    pretraining = language.pretraining
    evaluation = language.evaluation
    traps = language.traps
    spellings = others.map { others in
      var seen: Set<String> = [language.code]
      return (language.aliases + others + language.codes.flores200)
        .filter { seen.insert($0).inserted }
    }
  }

  var text: String {
    let facts = naming + use + evidence + traps.map { ("trap", $0.words) }
    return TextTable(
      facts.compactMap { name, value in value.map { [name, $0] } }, leading: 2
    ).text
  }

  private typealias Facts = [(String, String?)]

  private var naming: Facts {
    [
      ("language", code), ("name", name), ("native name", nativeName),
      ("ISO 639-1", codes.iso639Part1), ("ISO 639-3", codes.iso639Part3),
      ("FLORES-200", Self.list(codes.flores200)), ("ICU locale", codes.icuLocale ?? "none"),
      ("also written", spellings.flatMap(Self.list)), ("glottocode", family.glottocode),
      ("family", family.name), ("branch", family.branch),
    ]
  }

  private var use: Facts {
    let others = writing.all.dropFirst()
    let breaks =
      switch writing.wordBreaks {
      case .spaces: "spaces stand between words"
      case .dictionary: "none between words; ICU's dictionary cuts them"
      case .none: "none between words, and ICU has no dictionary"
      }
    return [
      ("script", writing.main + (others.isEmpty ? "" : ", also \(others.joined(separator: ", "))")),
      ("direction", writing.direction == .leftToRight ? "left to right" : "right to left"),
      ("word breaks", breaks),
      ("speakers", resources.speakersLog10.map { "10^\($0) to 10^\($0 + 1)" }),
      ("class", resources.joshiClass.map { "\($0) of 5 (Joshi et al. 2020)" }),
    ]
  }

  private var evidence: Facts {
    let wikipedia = resources.wikipedia.map { wikipedia in
      "\(wikipedia.articles) articles (\(wikipedia.edition), \(wikipedia.date))"
        + (wikipedia.activeUsers.map { ", \($0) active users" } ?? "")
    }
    let amounts = [
      pretraining.cc100GiB.map { "\($0) GiB of CC-100" },
      pretraining.mc4Gtokens.map { "\($0) G tokens of mC4" },
      pretraining.mmBERTPhase.map { "mmBERT's phase \($0)" },
    ].compactMap { $0 }
    return [
      ("Wikipedia", wikipedia),
      ("models", Self.list(pretraining.models.map(\.rawValue)) ?? "none of those that cards know"),
      ("amounts", Self.list(amounts)),
      ("sets", Self.list(evaluation.sets.map(\.rawValue)) ?? "none of those that cards know"),
      ("Babel-ImageNet", evaluation.babelImageNetClasses.map { "\($0) of 1000 classes named" }),
    ]
  }

  private static func list(_ items: [String]) -> String? {
    items.isEmpty ? nil : items.joined(separator: ", ")
  }
}
