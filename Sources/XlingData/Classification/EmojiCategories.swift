import Foundation
import XlingCore

/// The groups and subgroups that CLDR's `properties/labels.txt` sorts emoji into: "Animals & Nature",
/// "animal-mammal".
public struct EmojiCategories: Sendable {
  public struct Category: Sendable, Equatable {
    public let group: String
    public let subgroup: String
  }

  /// By ``ConceptID``. Emoji that are newer than the file have none.
  public let byConcept: [String: Category]

  /// Throws `FileFailure`, ``DataFailure/badLine(path:line:expected:found:)``.
  public init(cldr: CLDR) throws {
    let path = cldr.folder + "/properties/labels.txt"
    let text = try TextBytes.utf8(
      try AtomicFile.read(path, hint: "It is part of unicode-cldr-core."), path: path)
    try self.init(text, path: path)
  }

  /// Fields between semicolons: a set of characters, a group, perhaps a subgroup.
  init(_ text: Data, path: String) throws {
    var byConcept: [String: Category] = [:]
    for (index, line) in DatasetReader.lines(text).enumerated() {
      let fields = String(decoding: line, as: UTF8.self).split(
        separator: ";", omittingEmptySubsequences: false
      ).map { $0.trimmingCharacters(in: .whitespaces) }
      guard fields.count == 3, !fields[0].hasPrefix("#") else { continue }
      guard let sequences = Self.sequences(fields[0]) else {
        throw DataFailure.badLine(
          path: path, line: index + 1,
          expected: "a set of characters, ranges and {sequences} in brackets",
          found: String(fields[0].prefix(40)))
      }
      for sequence in sequences {
        // A sequence and its toned variants are one concept; the first line that names it counts.
        let id = ConceptID.of(sequence)
        if byConcept[id] == nil {
          byConcept[id] = Category(group: fields[1], subgroup: fields[2])
        }
      }
    }
    self.byConcept = byConcept
  }

  /// The members of a UnicodeSet of single characters, ranges `a-b` and strings `{ab}`; nil for any other.
  static func sequences(_ set: String) -> [String]? {
    let scalars = Array(set.unicodeScalars)
    guard scalars.first == "[", scalars.last == "]", scalars.count > 2 else { return nil }
    var sequences: [String] = []
    var index = 1
    while index < scalars.count - 1 {
      let scalar = scalars[index]
      switch scalar {
      case "{":
        guard let end = scalars[index...].firstIndex(of: "}") else { return nil }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[index + 1..<end])
        sequences.append(String(view))
        index = end + 1
      case "\\":
        guard index + 1 < scalars.count - 1 else { return nil }
        sequences.append(String(scalars[index + 1]))
        index += 2
      case "-" where !sequences.isEmpty && index + 1 < scalars.count - 1:
        let (first, last) = (scalars[index - 1].value, scalars[index + 1].value)
        guard scalars[index - 1] != "}", first < last else { return nil }
        for value in first + 1...last {
          if let next = Unicode.Scalar(value) { sequences.append(String(next)) }
        }
        index += 2
      case " ", "\u{FE0F}": index += 1
      default:
        sequences.append(String(scalar))
        index += 1
      }
    }
    return sequences
  }
}
