import ArgumentParser
import XlingData

/// `--lang`, for every command that looks at several languages.
struct LanguagesOption: ParsableArguments {
  @Option(
    name: .customLong("lang"), parsing: .singleValue,
    help: ArgumentHelp(
      """
      A language's code or name, repeatable, or several with commas between; or all (default: the \
      language aligned on and ru, pl, tr, zh, ko, it, es, as far as they are there).
      """, valueName: "language"))
  var given: [String] = []

  var words: [String] { DatasetLanguages.words(given) }

  func validate() throws {
    if !given.isEmpty, words.isEmpty {
      throw ValidationError("--lang is empty: name a language, as in --lang tr")
    }
  }
}
