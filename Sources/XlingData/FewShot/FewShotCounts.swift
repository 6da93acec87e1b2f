import XlingCore

/// How many pairs of which languages are mixed into training: `tr=10,de=5`.
public struct FewShotCounts: Sendable, Equatable {
  public struct Count: Sendable, Equatable {
    /// As it was given: a code or a name.
    public let language: String
    public let pairs: Int
  }

  /// In the order given, those of 0 pairs too.
  public let counts: [Count]

  /// Throws `NumberFailure` for what is no such list, and for a language that stands twice.
  public init(_ text: String) throws {
    counts = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let words = part.split(separator: "=", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard words.count == 2, !words[0].isEmpty, let pairs = Int(words[1]),
        (0...NumberRange.count).contains(pairs)
      else { throw NumberFailure(text: text, expected: Self.words) }
      return Count(language: words[0], pairs: pairs)
    }
    guard Set(counts.map(\.language)).count == counts.count else {
      throw NumberFailure(text: text, expected: "each language once")
    }
  }

  public static let words =
    "LANGUAGE=PAIRS, such as tr=10, several languages with commas between"

  /// As a table of settings has it.
  public var text: String { counts.map { "\($0.language)=\($0.pairs)" }.joined(separator: ",") }

  /// Whether there is anything to mix.
  public var isEmpty: Bool { counts.allSatisfy { $0.pairs == 0 } }

  /// A text in its usual form. Throws `NumberFailure`.
  public static let parse: @Sendable (String) throws -> String = { try FewShotCounts($0).text }
}

/// Of the draw of few-shot pairs.
public enum FewShotSeed: Sendable, Equatable, Decodable, CustomStringConvertible {
  case number(UInt64)
  /// The run's own seed: each seed trains on pairs of its own.
  case run

  public var description: String {
    switch self {
    case .number(let seed): "\(seed)"
    case .run: "run"
    }
  }

  /// Throws `NumberFailure`.
  public static let parse: @Sendable (String) throws -> FewShotSeed = { text in
    if text == "run" { return .run }
    guard let seed = UInt64(text) else {
      throw NumberFailure(
        text: text, expected: "a whole number from 0 to \(UInt64.max), or run: the run's seed")
    }
    return .number(seed)
  }

  /// A number or a word.
  public init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let seed = try? value.decode(UInt64.self) {
      self = .number(seed)
    } else {
      self = try Self.parse(try value.decode(String.self))
    }
  }
}
