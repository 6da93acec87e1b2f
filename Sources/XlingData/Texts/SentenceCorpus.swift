import Foundation
import XlingCore
import XlingLanguages

/// Sentences to pretrain a text tower on: a folder with `LANG.txt` (BCP 47; one sentence a line) and,
/// as translations, `*.jsonl`: one object a line, `{"en": "…", "tr": "…"}`.
///
/// A stable tenth of the translations, and of each file the lines whose hash ends in 0 of 200, are kept
/// apart to measure with. Equal lines count once, so what is kept apart is not trained on.
public struct SentenceCorpus: Sendable {
  /// language -> sentences to train on, in the file's order.
  public let sentences: [String: [String]]
  /// language -> sentences kept apart.
  public let unseenSentences: [String: [String]]
  /// Sentences and their translations, to train on.
  public let translations: [[String: String]]
  /// Those kept apart.
  public let unseenTranslations: [[String: String]]
  /// Sorted; of sentences and translations alike.
  public let languages: [String]
  /// SHA-256 over names and contents of all files.
  public let contentHash: String

  /// Reads all files of `folder`; blank lines are no sentences. Throws `FileFailure` or ``DataFailure``:
  /// a folder without such files, a line that is not UTF-8, one that is not such an object.
  public static func load(_ folder: String) throws -> SentenceCorpus {
    let names = try files(in: folder)
    var (seen, unseen): ([String: [String]], [String: [String]]) = ([:], [:])
    var (pairs, unseenPairs): ([[String: String]], [[String: String]]) = ([], [])
    let digest = Digest()
    let codes = try CorpusLanguages()
    for name in names {
      let path = folder + "/" + name
      let data = try AtomicFile.read(path)
      digest.update(name + "\n")
      digest.update(data)
      if name.hasSuffix(".txt") {
        let language = codes.code(String(name.dropLast(4)))
        guard seen[language] == nil else {
          throw DataFailure.badDataset(
            path: path,
            reason: "is a second file of \(language), under another spelling. Join both.")
        }
        let texts = try lines(of: data, path: path)
        let apart = texts.map { Digest.key("sentence/" + $0) % 200 == 0 }
        seen[language] = zip(texts, apart).filter { !$1 }.map(\.0)
        unseen[language] = zip(texts, apart).filter(\.1).map(\.0)
      } else {
        for texts in try translations(of: data, path: path, codes) {
          let key = texts.sorted { $0.key < $1.key }.map(\.value).joined(separator: "\t")
          if Digest.key("translation/" + key) % 10 == 0 {
            unseenPairs.append(texts)
          } else {
            pairs.append(texts)
          }
        }
      }
    }
    return SentenceCorpus(
      sentences: seen, unseenSentences: unseen, translations: pairs,
      unseenTranslations: unseenPairs,
      languages: Set(seen.keys).union((pairs + unseenPairs).flatMap(\.keys)).sorted(),
      contentHash: digest.hexadecimal())
  }

  private static func files(in folder: String) throws -> [String] {
    guard let all = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw DataFailure.missingTexts(path: folder)
    }
    let names = all.filter {
      ($0.hasSuffix(".txt") || $0.hasSuffix(".jsonl")) && !FolderNames.isLeftover($0)
    }.sorted()
    guard !names.isEmpty else { throw DataFailure.missingTexts(path: folder) }
    return names
  }

  /// Distinct lines that are not blank.
  private static func lines(of data: Data, path: String) throws -> [String] {
    var (texts, met): ([String], Set<String>) = ([], [])
    for line in DatasetReader.lines(try TextBytes.utf8(data, path: path)) {
      let text = String(decoding: line, as: UTF8.self)
      let blank = text.allSatisfy(\.isWhitespace)
      if !blank, met.insert(text).inserted { texts.append(text) }
    }
    return texts
  }

  private static func translations(
    of data: Data, path: String, _ codes: CorpusLanguages
  ) throws -> [[String: String]] {
    try DatasetReader.lines(try TextBytes.utf8(data, path: path)).enumerated().map { index, line in
      let texts = JSONValue(line)?.object?.mapValues(\.string)
      guard let texts, !texts.isEmpty, !texts.values.contains(nil) else {
        throw DataFailure.badLine(
          path: path, line: index + 1, expected: "an object of texts by language",
          found: RepeatedKey(in: line)?.words ?? "something else")
      }
      var known: [String: String] = [:]
      for (spelling, text) in texts {
        let language = codes.code(spelling)
        guard known.updateValue(text ?? "", forKey: language) == nil else {
          let both = texts.keys.filter { codes.code($0) == language }.sorted()
          throw DataFailure.twoSpellings(
            path: path, line: index + 1, language: language, spellings: both)
        }
      }
      return known
    }
  }
}

/// Our codes for those that a corpus has: "zh_CN" is zh. What is no language tag stays as it is.
private struct CorpusLanguages {
  private let table: LanguageSpellings

  init() throws { table = try LanguageSpellings.load() }

  func code(_ spelling: String) -> String { table.language(spelling) ?? spelling }
}
