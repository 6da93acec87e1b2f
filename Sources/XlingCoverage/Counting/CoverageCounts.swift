import XlingUnicode

/// What was counted of one text with one tokenizer: all figures come from here.
public struct CoverageCounts: Sendable {
  public let language: String
  /// The text's name.
  public let text: String
  public let sums: Sums
  public let blocks: LineBlocks
  public let condition: TextCondition
  public let tokens: TokenDistribution
  public let words: WordTypes
  /// Nil where ICU's word breaking was not asked for.
  public let icuWords: WordTypes?
  public let scalars: ScalarFigures
  public let worst: [CostlyWord]
  /// Lines that ``CoverageText/rewritten(by:)`` wrote otherwise.
  public let rewrittenLines: Int

  public var lines: Int { sums[.lines] }

  /// Tokens with every unknown one replaced by the bytes of the source that it covers.
  public var unknownAdjustedTokens: Int {
    sums[.tokens] - sums[.unknownTokens] + sums[.unknownBytes]
  }
}

/// A word that costs many tokens.
public struct CostlyWord: Sendable, Equatable, Codable {
  public let word: String
  public let occurrences: Int
  public let pieces: [String]
  /// Places in `pieces` of the unknown token.
  public let unknownPieces: [Int]
  public let hasUnknown: Bool

  init(word: String, occurrences: Int, pieces: [String], unknownPieces: [Int]) {
    (self.word, self.occurrences, self.pieces) = (word, occurrences, pieces)
    (self.unknownPieces, hasUnknown) = (unknownPieces, !unknownPieces.isEmpty)
  }
}

/// Word types, counted exactly, or from a sample of them (``WordTable``).
public struct WordTypes: Sendable, Equatable, Codable {
  /// The text's, estimated where ``isSampled``.
  public let types: Int
  /// Those that the shares below are of.
  public let counted: Int
  /// One token, and one token that is not the unknown one.
  public let kept: Int
  public let keptKnown: Int
  public var isSampled: Bool { types != counted }

  init(_ table: WordTable) {
    counted = table.entries.count
    types = counted << table.level
    kept = table.entries.count { $0.measure.tokens == 1 }
    keptKnown = table.entries.count { $0.measure.tokens == 1 && !$0.measure.hasUnknown }
  }
}

/// A text's characters.
public struct ScalarFigures: Sendable, Equatable, Codable {
  public struct Count: Sendable, Equatable, Codable {
    public let text: String
    public let occurrences: Int
  }

  public let total: Int
  /// Those that alone become no unknown token; white space is.
  public let covered: Int
  /// The most frequent that are not covered, at most 20.
  public let missing: [Count]
  /// Letters by the ISO 15924 code of their script, most first; Common and Inherited aside.
  public let scripts: [Count]

  init(_ counts: ScalarCounts, covers: (UInt32) -> Bool) {
    var (total, covered) = (0, 0)
    var missing: [(UInt32, Int)] = []
    var scripts: [String: Int] = [:]
    counts.eachScalar { scalar, count in
      total += count
      if covers(scalar) { covered += count } else { missing.append((scalar, count)) }
      let script = ScalarProperties.scriptCode(scalar)
      if script != "Zyyy" && script != "Zinh" { scripts[script, default: 0] += count }
    }
    self.total = total
    self.covered = covered
    self.missing = missing.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(20).map {
      Count(
        text: Unicode.Scalar($0.0).map { String($0) } ?? "", occurrences: $0.1)
    }
    self.scripts = scripts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
      Count(text: $0.key, occurrences: $0.value)
    }
  }
}

extension CoverageCounts {
  /// Whether the blank lines of both texts are the same ones.
  public func hasBlankLines(of other: CoverageCounts) -> Bool {
    condition.blankLines == other.condition.blankLines
      && condition.blankHash == other.condition.blankHash
  }
}
