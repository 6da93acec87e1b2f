import XlingCore

/// Errors of texts that are measured.
public enum CoverageFailure: Failure, Equatable {
  case noLines(name: String)
  /// `number` of lines in a text and in the English one that should be parallel to it.
  case notParallel(name: String, lines: Int, english: String, englishLines: Int)
  /// Blank lines that only one of two parallel texts has.
  case blankInOne(name: String, english: String, first: Int)
  case unknownMetric(given: String, nearest: String?, known: [String])

  public var exitStatus: ExitStatus {
    switch self {
    case .noLines, .notParallel, .blankInOne: .badData
    case .unknownMetric: .usage
    }
  }

  public var description: String {
    switch self {
    case .noLines(let name):
      "\(name): expected sentences, one a line; found none but blank lines. Check the file."
    case .notParallel(let name, let lines, let english, let englishLines):
      "\(name) has \(lines) lines, \(english) has \(englishLines): a premium compares translations line "
        + "by line, so expected as many. Name the English text that belongs to it, or leave --parallel out."
    case .blankInOne(let name, let english, let first):
      "\(name) and \(english) do not have the same blank lines (the first one is line \(first)): a premium "
        + "compares translations line by line. Take the line out of both, or leave --parallel out."
    case .unknownMetric(let given, let nearest, let known):
      "there is no metric \"\(given)\"." + (nearest.map { " Did you mean \($0)?" } ?? "")
        + " Known: " + MessageList.of(known) + "."
    }
  }
}
