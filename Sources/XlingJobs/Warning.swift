import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRuns

/// What a job found and goes on from; commands word it.
public enum Warning: Sendable, Equatable {
  /// A checkpoint holds NaN or infinity in these tensors.
  case nonFinite(path: String, tensors: [String])
  /// What there is to say of bf16 on this processor.
  case precision(String)
  /// A training goes on with other arithmetic than it had so far.
  case arithmeticChanged(folder: String, ArithmeticChange)
  /// Nothing says how many heads a tower has: so many, of 64 numbers each, are taken.
  case guessedHeads(path: String, heads: Int)
  /// Codes of a dataset that are other spellings of ours, by theirs.
  case spellings([String: String], of: String)
  /// Pictures that a policy let pass, decoded as far as they go.
  case damaged([DamagedPicture])
  /// Test pictures were not looked for in the training data, and why.
  case trainingNotSearched(run: String, TrainingSearch)
  /// Test pictures that the run was trained on.
  case trainingPictures(run: String, folder: String, TrainingLeaks, test: DataSource, Split)
  /// Evaluations that a comparison goes on without.
  case incomplete(CompareFailure)
  /// Classes of a file of names that have no pictures in the data.
  case classesWithoutPictures(Int, names: String, data: String)
  /// Languages in which some classes have no name.
  case languagesWithoutNames(Int, of: Int)
  /// Names that stand for several classes in a language.
  case sharedNames([ClassificationResult.SharedName], language: String)

  /// What has no interval and is not tested, since too few independent pictures lie behind it; languages
  /// mostly.
  case tooFewPictures([String])
  /// Sentences that a language is centred by and that are captions of the split evaluated.
  case pairedSentences(String, path: String, paired: Int, of: Int)
  /// Files of rankings with queries among whose items some have the very same score.
  case tiedScores([TiedRanking])

  /// Why training data were not searched.
  public enum TrainingSearch: Sendable, Equatable {
    /// The run does not record where they lay.
    case notRecorded
    case gone(folder: String)
    /// Others lie there now.
    case changed(folder: String)
  }
}

/// A file of rankings, and how many of its queries have equal scores.
public struct TiedRanking: Sendable, Equatable {
  public let name: String
  public let tied: Int
  public let queries: Int
}

extension Warning {
  /// Each name once, in their order; nil without names.
  public static func withoutIntervals(_ names: [String]) -> Warning? {
    var seen: Set<String> = []
    let once = names.filter { seen.insert($0).inserted }
    return once.isEmpty ? nil : .tooFewPictures(once)
  }

  /// The languages of rows that have no interval.
  public static func withoutIntervals(of rows: [ResultRow]) -> Warning? {
    withoutIntervals(rows.filter { $0.low == nil }.map(\.language))
  }

  static func tiedRankings(_ written: [(name: String, files: TRECFiles)]) -> Warning? {
    let tied = written.map {
      TiedRanking(name: $0.name, tied: $0.files.tied, queries: $0.files.queries.count)
    }.filter { $0.tied > 0 }
    return tied.isEmpty ? nil : .tiedScores(tied)
  }
}

/// A picture that is not whole.
public struct DamagedPicture: Sendable, Equatable {
  public let path: String
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }
}

extension PictureDamage {
  /// nil where every picture was whole.
  public var warning: Warning? {
    let found = all.map { DamagedPicture(path: $0.path, reason: $0.reason) }
    return found.isEmpty ? nil : .damaged(found)
  }
}
