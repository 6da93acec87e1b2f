import Foundation
import XlingCore
import XlingLanguages

extension DatasetCard {
  private static let keys: Set<String> = [
    "name", "title", "layout", "split", "licence", "obtain", "source", "folder", "pictures_listed",
    "pictures_used", "only_containing", "except", "pictures", "captions",
  ]

  /// Reads one card strictly. Throws ``DataFailure/badCard(path:expected:found:)``, `FileFailure`.
  public static func read(_ path: String) throws -> DatasetCard {
    let card = try CardTable(reading: path)
    try card.check(keys: keys)
    let name = try card.text("name")
    let file = PathParts.name(of: path)
    guard file == name + ".toml" else {
      throw card.bad("name = \"\(file.dropLast(5))\", as the file is named", "\"\(name)\"")
    }
    let pictures = try card.table("pictures")
    try pictures.check(keys: ["listing", "sha256", "folders"])
    let captions = try card.table("captions")
    var files: [String: File] = [:]
    for language in captions.names {
      guard LanguageTag.isWellFormed(language) else {
        throw card.bad("languages in [captions] (BCP 47)", "\"\(language)\"")
      }
      let entry = try captions.table(language)
      try entry.check(keys: ["path", "sha256"])
      files[language] = try entry.file("path")
    }
    return DatasetCard(
      name: name, title: try card.text("title"), layout: try card.word("layout"),
      split: try card.word("split"), licence: try card.text("licence"),
      obtain: try card.text("obtain"), source: try card.text("source"),
      folder: try card.text("folder"), picturesListed: try card.number("pictures_listed"),
      picturesUsed: card.has("pictures_used") ? try card.number("pictures_used") : nil,
      selection: try selection(card), listing: try pictures.file("listing"),
      pictureFolders: try pictures.texts("folders"), captions: files)
  }

  private static func selection(_ card: CardTable) throws -> Selection {
    switch (card.has("only_containing"), card.has("except")) {
    case (false, false): .all
    case (true, false): .containing(try card.text("only_containing"))
    case (false, true): .except(try card.text("except"))
    case (true, true): throw card.bad("only_containing or except", "both")
    }
  }
}
