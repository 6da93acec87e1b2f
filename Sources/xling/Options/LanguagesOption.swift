import ArgumentParser
import XlingCore
import XlingData
import XlingLanguages

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
    GivenLanguages.tell(words)
  }
}

/// What is said of languages that are not called by our codes.
enum GivenLanguages {
  /// One line on stderr for all of them; nothing where every word is a code of ours or a name. Unreadable
  /// tables are told where languages are looked up.
  static func tell(_ words: [String]) {
    guard let spellings = try? LanguageSpellings.load().respelt(words), !spellings.isEmpty else {
      return
    }
    let list = spellings.sorted { $0.key < $1.key }.map { "\($0.key) is \($0.value)" }
    let line = TerminalText.visible("languages by our codes: \(MessageList.of(list, limit: 8))")
    ProgressBar.toStandardError("xling: \(line)\n")
  }
}
