import ArgumentParser
import XlingData
import XlingLanguages
import XlingReports

struct LanguagesListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the languages that have a card, or some of them.",
    discussion: """
      xling languages --family Turkic --script Cyrl
      xling languages --in xlm-r --in xm3600

      Filters combine. One script and one family of several that are given is enough; of --in, all must \
      have the language.
      """)

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A script's code (ISO 15924), repeatable, or several with commas between.",
      valueName: "script"))
  var script: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A family (Glottolog) or branch (WALS), repeatable, or several with commas between.",
      valueName: "family"))
  var family: [String] = []

  @Option(
    name: .customLong("in"), parsing: .singleValue,
    help: ArgumentHelp(
      "A model or evaluation set that has the language, repeatable: \(Self.memberships).",
      valueName: "name"))
  var memberships: [String] = []

  @OptionGroup var json: JSONOption

  private static var memberships: String {
    (PretrainedModel.allCases.map(\.rawValue) + EvaluationSet.allCases.map(\.rawValue))
      .joined(separator: ", ")
  }

  func run() throws {
    let filter = LanguageFilter(
      scripts: DatasetLanguages.words(script), families: DatasetLanguages.words(family),
      memberships: DatasetLanguages.words(memberships))
    let all = try Languages.load().all
    let found = try filter.apply(to: all)
    let result = Listed(
      languages: found.map { ShownLanguage($0, spellings: nil) }, count: found.count,
      of: all.count)
    try json.print(result) { Self.text(found, of: all.count) }
  }

  private struct Listed: Encodable {
    let schema = "xling.languages/1"
    let languages: [ShownLanguage]
    let count: Int
    /// Of all cards.
    let of: Int
  }

  private static func text(_ languages: [Language], of all: Int) -> String {
    let header = [
      "code", "name", "native name", "script", "family", "class", "articles", "models", "sets",
    ]
    func figure(_ number: Int?) -> String { number.map(String.init) ?? "–" }
    let rows = languages.map { language in
      [
        language.code, language.name, language.nativeName ?? "–", language.script,
        language.family.name ?? "–", figure(language.resources.joshiClass),
        figure(language.resources.wikipedia?.articles), "\(language.pretraining.models.count)",
        "\(language.evaluation.sets.count)",
      ]
    }
    let count =
      languages.count == all ? "\(all) languages" : "\(languages.count) of \(all) languages"
    return TextTable([header] + rows, leading: 5).text
      + "\n\(count). class: Joshi et al. 2020; articles: of the language's Wikipedia; – is not known."
      + " xling languages show CODE tells the rest."
  }
}
