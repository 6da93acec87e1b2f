/// Ranges of numbers that people write, checked as they are parsed:
///
///     @Option(help: "Optimizer steps.", transform: NumberRange.whole(1...NumberRange.steps))
///     var steps: Int?
///
/// Every option that takes a number states its range so. Beyond it lie numbers that no memory holds
/// and no product of two of them fits.
public enum NumberRange {
  /// The most steps, epochs, pictures, captions or places that anything counts. The product of two
  /// such numbers is still an `Int`.
  public static let count = 1_000_000_000
  public static let threads = 1_024
  /// Rows that are computed at once.
  public static let batch = 1_000_000
  /// A side of a picture, in pixels.
  public static let pixels = 16_384
  public static let heads = 4_096

  public static func whole(_ range: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
    { text in
      guard let number = Int(text) else {
        throw NumberFailure(text: text, expected: "a whole number, \(words(range))")
      }
      guard range.contains(number) else {
        throw NumberFailure(text: text, expected: words(range))
      }
      return number
    }
  }

  public static func whole(from least: Int) -> @Sendable (String) throws -> Int {
    whole(least...count)
  }

  public static func real<Number: BinaryFloatingPoint & LosslessStringConvertible & Sendable>(
    _ range: ClosedRange<Number>
  ) -> @Sendable (String) throws -> Number {
    { text in
      guard let number = Number(text), range.contains(number) else {
        let words = "from \(brief(range.lowerBound)) to \(brief(range.upperBound))"
        throw NumberFailure(text: text, expected: words)
      }
      return number
    }
  }

  /// Above 0, so that the least that is allowed need not be named.
  public static func positive(to most: Double) -> @Sendable (String) throws -> Double {
    { text in
      guard let number = Double(text), number > 0, number <= most else {
        throw NumberFailure(text: text, expected: "above 0 and at most \(brief(most))")
      }
      return number
    }
  }

  /// Seeds are any 64 bits.
  public static let seed: @Sendable (String) throws -> UInt64 = { text in
    guard let number = UInt64(text) else {
      throw NumberFailure(text: text, expected: "a whole number from 0 to \(UInt64.max)")
    }
    return number
  }

  private static func words(_ range: ClosedRange<Int>) -> String {
    "from \(range.lowerBound) to \(range.upperBound)"
  }

  private static func brief(_ number: some BinaryFloatingPoint) -> String {
    Int(exactly: number).map(String.init) ?? "\(number)"
  }
}

/// A text that is no number of a range; whoever parses it knows what it is for.
public struct NumberFailure: Error, CustomStringConvertible {
  public let text: String
  public let expected: String

  public init(text: String, expected: String) {
    self.text = text
    self.expected = expected
  }

  public var description: String { "must be \(expected), found \(text)" }
}
