import XlingCore

/// Why stored results cannot be held against each other.
public enum CompareFailure: Failure, Equatable {
  /// `remedy` is a sentence on how the evaluation is made, in the words of whoever asked; it may be
  /// empty.
  case missing(run: String, what: String, remedy: String)
  case otherQueries(language: String, direction: String, first: String, second: String)
  case severalProtocols(known: [String])
  /// Runs pooled by seed pair seed by seed.
  case otherSeeds(first: String, seeds: Int, second: String, others: Int)
  /// Pooled by seed, only one is left.
  case nothingToCompare
  case unknownMetric(given: String, nearest: String?, known: [String])

  public var exitStatus: ExitStatus {
    switch self {
    case .missing: .missingInput
    case .otherQueries: .badData
    case .severalProtocols, .otherSeeds, .nothingToCompare, .unknownMetric: .usage
    }
  }

  public var description: String {
    switch self {
    case .missing(let run, let what, let remedy):
      "run '\(run)' has no evaluation for \(what)." + (remedy.isEmpty ? "" : " " + remedy)
    case .otherQueries(let language, let direction, let first, let second):
      "\(language), \(direction): '\(first)' and '\(second)' were asked different queries, so "
        + "nothing pairs them. Evaluate both again on the same data."
    case .severalProtocols(let known):
      "these runs were evaluated under several protocols. Choose one by --protocol:\n  "
        + known.joined(separator: "\n  ")
    case .otherSeeds(let first, let seeds, let second, let others):
      "'\(first)' has \(seeds) seeds and '\(second)' \(others); pooled runs are paired seed by seed. Name "
        + "as many runs of each."
    case .nothingToCompare:
      "these runs differ by their seed only: there is nothing to compare"
    case .unknownMetric(let given, let nearest, let known):
      "there is no metric '\(given)' to compare." + (nearest.map { " Did you mean '\($0)'?" } ?? "")
        + " Metrics: \(known.joined(separator: ", "))."
    }
  }
}
