import ArgumentParser
import XlingLanguages
import XlingReports

struct LanguagesShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Everything that is known of a language.",
    discussion: "Sources of the facts, their dates and terms: languages/README.md.")

  @Argument(help: "The language's code, another spelling of it (jp, zho_Hans), or its name.")
  var language: String

  @OptionGroup var json: JSONOption

  func run() throws {
    let found = try Languages.load().find(language)
    let shown = ShownLanguage(
      found, spellings: try LanguageSpellings.load().others(of: found.code))
    try json.print(shown) { shown.text }
  }
}
