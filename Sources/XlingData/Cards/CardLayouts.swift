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
    let lines = DatasetReader.lines(try TextBytes.utf8(try read(file), path: path))
    guard lines.count == card.picturesListed else {
      throw DataFailure.lineCount(path: path, expected: card.picturesListed, found: lines.count)
    }
    return try lines.enumerated().map { index, line in
      let text = String(decoding: line, as: UTF8.self)
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
    try objects(card.listing).map { line in
      let key = try line.text("image/key")
      var captions: [String: [String]] = [:]
      for language in card.languages {
        let value = line.object[language]?.object?["caption"]
        guard let texts = value?.strings, !texts.isEmpty else {
          throw line.bad("\"\(language)\" with a list \"caption\"", value)
        }
        captions[language] = texts
      }
      return Entry(name: key + ".jpg", captions: captions)
    }
  }

  /// xFlickr&CO of IGLUE (Bugliarello et al. 2022): one file a language with a JSON object a picture,
  /// `img_path` and `sentences`. The listing is one of them; all name the same pictures, in any order.
  func xFlickrCO() throws -> [Entry] {
    let names = try objects(card.listing).map { try $0.text("img_path") }
    let known = Set(names)
    var captions: [String: [String: [String]]] = [:]
    for (language, file) in card.captions {
      let lines = try objects(file)
      var seen: Set<String> = []
      for line in lines {
        let name = try line.text("img_path")
        guard known.contains(name), seen.insert(name).inserted else {
          throw line.bad("each picture of \(card.listing.path) once", .string(name))
        }
        let value = line.object["sentences"]
        guard let texts = value?.strings, !texts.isEmpty else {
          throw line.bad("a list \"sentences\"", value)
        }
        captions[name, default: [:]][language] = texts
      }
      guard lines.count == names.count else {
        throw DataFailure.lineCount(
          path: root + "/" + file.path, expected: names.count, found: lines.count)
      }
    }
    return names.map { Entry(name: $0, captions: captions[$0] ?? [:]) }
  }

  /// WIT as IGLUE (Bugliarello et al. 2022) tests on it: a JSON object a caption, with the picture's
  /// name `wit_ix` and `caption_reference_description`. A picture may have several captions; each
  /// language has pictures of its own, and is a card of its own.
  func wit() throws -> [Entry] {
    let language = card.languages.first ?? "en"
    var captions = CaptionsByPicture()
    for line in try objects(card.listing) {
      captions.add(try line.text("caption_reference_description"), to: try line.text("wit_ix"))
    }
    return captions.items().map { Entry(name: $0.name, captions: [language: $0.captions]) }
  }

  /// One line of a file of JSON objects.
  private struct Line {
    let path: String
    /// From 1.
    let number: Int
    let object: [String: JSONValue]

    func text(_ key: String) throws(DataFailure) -> String {
      let value = object[key]
      guard let text = value?.string?.trimmingCharacters(in: .whitespacesAndNewlines), !text.isEmpty
      else { throw bad("a text \"\(key)\"", value) }
      return text
    }

    func bad(_ expected: String, _ value: JSONValue?) -> DataFailure {
      .badLine(
        path: path, line: number, expected: expected,
        found: value.map { String($0.shown.prefix(60)) } ?? "no such key")
    }
  }

  private func objects(_ file: DatasetCard.File) throws -> [Line] {
    let path = root + "/" + file.path
    let text = try TextBytes.utf8(try read(file), path: path)
    return try DatasetReader.lines(text).enumerated().map { index, line in
      guard let object = JSONValue(line)?.object else {
        throw DataFailure.badLine(
          path: path, line: index + 1, expected: "a JSON object",
          found: JSONValue.found(in: line))
      }
      return Line(path: path, number: index + 1, object: object)
    }
  }
}
