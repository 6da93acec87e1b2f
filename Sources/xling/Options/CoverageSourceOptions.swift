import ArgumentParser
import XlingCore
import XlingData
import XlingJobs

/// Which texts `xling coverage` measures.
struct CoverageSourceOptions: ParsableArguments {
  @Option(
    name: .customLong("text"),
    help: ArgumentHelp(
      """
      A file with one sentence a line, or - for stdin; LANG=FILE says its language, repeatable (default: \
      CLDR's names and the captions of stamps, as they are installed).
      """, valueName: "file"))
  var texts: [String] = []

  @Option(
    help: ArgumentHelp(
      "English sentences that the lines of every --text translate: gives premiums.",
      valueName: "file"))
  var parallel: String?

  @Option(
    help: """
      Captions in place of a text: scenes, emoji, stamps, a dataset folder, or a name of `xling data list`.
      """)
  var data: String?

  @Flag(help: "The captions of one picture in --data are translations of one another.")
  var parallelCaptions = false

  @OptionGroup var files: DataFilesOptions

  @OptionGroup var split: SplitOption

  func validate() throws {
    if data != nil, !texts.isEmpty {
      throw ValidationError("--text and --data both name texts: give one of them")
    }
    if data == nil {
      let only = GivenOptions.names([
        ("--parallel-captions", parallelCaptions), ("--split", split.given != nil),
      ])
      if let name = (only + files.given).first {
        throw ValidationError("\(name) belongs to --data, which is not given")
      }
    }
    if parallel != nil, texts.isEmpty {
      throw ValidationError("--parallel belongs to --text, which is not given")
    }
  }

  /// `languages` as given; a file without a language takes the only one. Throws `ValidationError`.
  func source(_ languages: [String]) throws -> CoverageSource {
    if let data {
      return .data(files.source(data), split.split, isParallel: parallelCaptions)
    }
    if texts.isEmpty { return .embedded }
    return .files(
      try texts.map { text in
        if let cut = text.firstIndex(of: "="), text[..<cut].allSatisfy(Self.isCode) {
          return CoverageSource.File(
            language: String(text[..<cut]), path: String(text[text.index(after: cut)...]))
        }
        guard languages.count == 1, languages[0] != "all" else {
          throw ValidationError(
            "of what language is \(text)? Say --text LANG=\(text), or one --lang for one file")
        }
        return CoverageSource.File(language: languages[0], path: text)
      }, english: parallel)
  }

  private static func isCode(_ letter: Character) -> Bool {
    letter.isASCII && (letter.isLetter || letter.isNumber || letter == "-" || letter == "_")
  }
}
