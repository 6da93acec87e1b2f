import XlingCore

/// Errors of reading language data and datasets and of building them.
public enum DataFailure: Failure, Equatable {
  /// A part of CLDR is not installed.
  case missingCLDR(path: String)
  /// Tux Paint's stamps are not installed.
  case missingStamps(path: String)
  /// No folder of `LANG.txt` and `*.jsonl` to pretrain on.
  case missingTexts(path: String)
  /// An XML file of CLDR that breaks off or is not what LDML says.
  case brokenXML(path: String, offset: Int, reason: String)
  /// The folder has no `captions.jsonl` or no `images/`.
  case missingDataset(path: String, expected: String)
  /// One line of `captions.jsonl`; `line` counts from 1.
  case badLine(path: String, line: Int, expected: String, found: String)
  /// A file that stops being JSON; line and column, in bytes, from 1.
  case badJSON(path: String, line: Int, column: Int, expected: String, found: String)
  /// A key that is no language tag.
  case noLanguage(path: String, line: Int, found: String)
  /// One picture has captions under two codes of one language.
  case twoSpellings(path: String, line: Int, language: String, spellings: [String])
  /// A name or link that leads out of the folder that pictures are in.
  case leadsOut(origin: String, name: String, target: String, folder: String, byLink: Bool)
  /// A folder, FIFO or device where a picture belongs.
  case noPicture(origin: String, path: String, kind: String)
  /// The dataset as a whole (no picture at all, say).
  case badDataset(path: String, reason: String)
  /// A folder that is in the way and was not made by this builder.
  case folderInTheWay(path: String, reason: String)
  /// The system's data do not yield what a dataset is made of.
  case cannotBuild(what: String, reason: String)
  /// A card of `datasets/` that is not what it must be.
  case badCard(path: String, expected: String, found: String)
  case unknownDataset(given: String, nearest: String?, known: [String])
  /// A file with one text a line that has too few or too many lines.
  case lineCount(path: String, expected: Int, found: Int)

  public var exitStatus: ExitStatus {
    switch self {
    case .missingCLDR, .missingStamps, .missingTexts, .missingDataset: .missingInput
    case .brokenXML, .badLine, .badDataset, .cannotBuild, .badCard, .lineCount: .badData
    case .badJSON, .noLanguage, .twoSpellings, .leadsOut, .noPicture: .badData
    case .unknownDataset: .usage
    case .folderInTheWay: .inputOutput
    }
  }

  public var description: String {
    switch self {
    case .missingCLDR(let path):
      "\(path) does not exist: names in many languages come from the Debian package "
        + "unicode-cldr-core. Install it (apt-get install unicode-cldr-core), or set XLING_CLDR to "
        + "a folder that holds annotations/, annotationsDerived/ and main/."
    case .missingStamps(let path):
      "\(path) does not exist: `stamps` is built of the Debian package tuxpaint-stamps-default. "
        + "Install it (apt install tuxpaint-stamps-default), or set XLING_STAMPS to the folder that "
        + "holds its stamps."
    case .missingTexts(let path):
      "\(path): expected a folder with texts to pretrain on, LANG.txt with one sentence a line or *.jsonl "
        + "with translations, found none. Check the path."
    case .brokenXML(let path, let offset, let reason):
      "\(path), byte \(offset): \(reason). Install unicode-cldr-core again, or check XLING_CLDR."
    case .missingDataset(let path, let expected):
      "\(path): expected \(expected), found none. A dataset is a folder with images/ and "
        + "captions.jsonl; `xling data build scenes` makes one."
    case .badLine(let path, let line, let expected, let found):
      "\(path), line \(line): expected \(expected), found \(found). Mend that line; no line is "
        + "skipped in silence."
    case .badJSON(let path, let line, let column, let expected, let found):
      "\(path), line \(line), column \(column): expected JSON (\(expected)), found "
        + "\(TerminalText.visible(found)). Mend that place, or get the file again."
    case .noLanguage(let path, let line, let found):
      "\(path):\(line): expected a language tag (BCP 47, as en, zh-Hant, de-CH-1996, x-emoji), found "
        + "\"\(Self.shown(found))\". Mend that line."
    case .twoSpellings(let path, let line, let language, let spellings):
      "\(path):\(line): \(spellings.map { "\"\(Self.shown($0))\"" }.joined(separator: " and ")) are one "
        + "language, \(language), and both have captions of the picture. Keep one of them."
    case .leadsOut(let origin, let name, let target, let folder, let byLink):
      "\(origin): \"\(Self.shown(name))\" leads out of \(folder)"
        + (byLink
          ? " by a link, to \(target). If the link is your own, say --follow-links; else mend the data."
          : ". Pictures are named from that folder, without \"..\" above it. Mend the data.")
    case .noPicture(let origin, let path, let kind):
      "\(origin): expected a picture at \(path), found \(kind). Mend the data."
    case .badDataset(let path, let reason): "\(path): \(reason)"
    case .folderInTheWay(let path, let reason):
      "\(path): \(reason). Remove the folder or name another one; nothing was changed."
    case .badCard(let path, let expected, let found):
      "\(path): expected \(expected), found \(found). Mend the card."
    case .unknownDataset(let given, let nearest, let known):
      "there is no dataset card \"\(given)\"." + (nearest.map { " Did you mean \"\($0)\"?" } ?? "")
        + " Cards: \(MessageList.of(known))."
    case .lineCount(let path, let expected, let found):
      "\(path): expected \(expected) lines, found \(found). A line break inside a text, or a file cut "
        + "off, moves every caption behind it to another picture. Get the file again."
    case .cannotBuild(let what, let reason): "cannot build \(what): \(reason)"
    }
  }
  /// As much of a name from somebody's file as a message holds, without what steers a terminal.
  private static func shown(_ name: String) -> String {
    TerminalText.visible(name.count > 60 ? name.prefix(60) + "…" : name)
  }
}
