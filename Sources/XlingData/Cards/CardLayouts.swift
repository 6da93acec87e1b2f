import Foundation
import XlingCore

extension CardFiles {
  /// A list of picture names, and one file of captions a language, line by line in the list's order
  /// (XTD10, Multi30K). Lines end in LF or CR LF; a byte order mark and a missing last line end do not
  /// matter.
  func parallelLines() throws -> [Entry] {
    let names = try lines(card.listing)
    var seen: [String: Int] = [:]
    for (index, name) in names.enumerated() {
      if let first = seen.updateValue(index + 1, forKey: name) {
        throw DataFailure.badLine(
          path: root + "/" + card.listing.path, line: index + 1, expected: "one line a picture",
          found: "\"\(name)\" again (first: line \(first))")
      }
    }
    let captions = try card.captions.mapValues(lines)
    return names.enumerated().map { line, name in
      Entry(name: name, captions: captions.mapValues { [$0[line]] })
    }
  }

  /// Lines of one file, as many as pictures. Throws ``DataFailure/lineCount(path:expected:found:)``,
  /// ``DataFailure/badLine(path:line:expected:found:)``, `FileFailure.missing`.
  func lines(_ file: DatasetCard.File) throws -> [String] {
    let path = root + "/" + file.path
    let lines = DatasetReader.lines(try read(file))
    guard lines.count == card.picturesListed else {
      throw DataFailure.lineCount(path: path, expected: card.picturesListed, found: lines.count)
    }
    return try lines.enumerated().map { index, line in
      guard let text = String(validating: line, as: UTF8.self) else {
        throw DataFailure.badLine(
          path: path, line: index + 1, expected: "UTF-8", found: "other bytes")
      }
      let trimmed = text.trimmingCharacters(in: .whitespaces)
      guard !trimmed.isEmpty else {
        throw DataFailure.badLine(
          path: path, line: index + 1, expected: "a text", found: "an empty line")
      }
      return trimmed
    }
  }

  /// The split's pictures of ``KarpathyLayout``, in the card's one language.
  func karpathy() throws -> [Entry] {
    let language = card.languages.first ?? "en"
    _ = try read(card.listing)
    return try KarpathyLayout().read(root + "/" + card.listing.path)
      .filter { $0.split == card.split }
      .map { Entry(name: $0.name, captions: [language: $0.captions]) }
  }

  /// Crossmodal-3600 (Thapliyal et al. 2022): a JSON object a picture, with `image/key` and for each
  /// language an object whose `caption` is a list.
  func crossmodal() throws -> [Entry] {
    let path = root + "/" + card.listing.path
    return try DatasetReader.lines(try read(card.listing)).enumerated().map { index, line in
      func bad(_ expected: String, _ value: JSONValue?) -> DataFailure {
        .badLine(
          path: path, line: index + 1, expected: expected,
          found: value.map { String($0.shown.prefix(60)) } ?? "no such key")
      }
      let object = JSONValue(line)?.object
      guard let key = object?["image/key"]?.string else {
        throw bad("a text \"image/key\"", object?["image/key"])
      }
      var captions: [String: [String]] = [:]
      for language in card.languages {
        let value = object?[language]?.object?["caption"]
        guard let texts = value?.strings, !texts.isEmpty else {
          throw bad("\"\(language)\" with a list \"caption\"", value)
        }
        captions[language] = texts
      }
      return Entry(name: key + ".jpg", captions: captions)
    }
  }
}
