import Foundation
import XlingCore

/// A text to be measured, one sentence a line.
public struct CoverageText: Sendable {
  enum Source: Sendable {
    case file(String, PipedText)
    case bytes([UInt8])
  }

  /// What it is called in messages: a path, "CLDR and stamps".
  public let name: String
  let source: Source
  /// What becomes of each line before it is measured.
  private(set) var rewriting: (@Sendable (String) throws -> String)?

  /// A file, or `-` for stdin; read in parts when it is measured. What comes through a pipe is there for every
  /// measurement of this text and its copies, though it comes once.
  public init(file: String) {
    name = file == "-" ? "stdin" : file
    source = .file(file, PipedText())
  }

  /// Lines that lie in memory. Ends of lines inside of one become spaces.
  public init(lines: [String], name: String) {
    var bytes: [UInt8] = []
    for line in lines {
      bytes.append(contentsOf: line.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 })
      bytes.append(0x0A)
    }
    self.name = name
    source = .bytes(bytes)
  }

  /// The same lines, each written otherwise: ends of lines that `body` puts in belong to the line. It is
  /// called on several threads.
  public func rewritten(by body: @escaping @Sendable (String) throws -> String) -> CoverageText {
    var text = self
    text.rewriting = body
    return text
  }
}

/// Where a byte of a text lies that is no UTF-8.
public struct MalformedByte: Sendable, Equatable, Codable {
  /// From 1.
  public let line: Int
  /// In the file, from 0.
  public let offset: Int
  public let byte: UInt8
}

/// What was amiss in a text that was measured all the same.
public struct TextCondition: Sendable, Equatable, Codable {
  /// All lines, blank ones among them.
  public internal(set) var lines = 0
  public internal(set) var blankLines = 0
  /// The numbers of the first ``kept`` of them, from 1.
  public internal(set) var firstBlank: [Int] = []
  /// Each was read as U+FFFD.
  public internal(set) var malformedBytes = 0
  public internal(set) var firstMalformed: [MalformedByte] = []
  /// Nil where the language's letters were not asked for.
  public internal(set) var letters: LetterCondition?
  /// Of the numbers of blank lines: equal for texts whose blank lines are the same.
  var blankHash: UInt64 = 0

  static let kept = 10

  enum CodingKeys: String, CodingKey {
    case lines, blankLines, firstBlank, malformedBytes, firstMalformed, letters
  }

  mutating func count(blankLine number: Int) {
    blankLines += 1
    if firstBlank.count < Self.kept { firstBlank.append(number) }
    blankHash = (blankHash ^ UInt64(number)) &* 0x100_0000_01b3
  }
}
