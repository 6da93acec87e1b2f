import ArgumentParser
import XlingCore
import XlingData
import XlingJobs

/// A run on a dataset, for the commands that look into its results; embeddings are kept as by
/// `xling eval`.
struct SubjectOptions: ParsableArguments {
  @OptionGroup var which: RunOption

  @OptionGroup var data: SubjectDataOptions

  @OptionGroup var threads: ThreadsOption

  /// The subject, and the path of the store beside which embeddings are kept. Throws as
  /// ``RunOption/found()`` and ``GuessOption/allow(_:example:)``.
  func found() throws -> (subject: EvaluationSubject, store: String) {
    threads.apply()
    Interruption.watch()
    let found = try which.found()
    return (try data.subject(found, which.guess), found.place.path)
  }
}

/// On what a run is measured: of what is not said the run's own is taken.
struct SubjectDataOptions: ParsableArguments {
  @Option(
    help: """
      scenes, emoji, stamps (in data/), a dataset folder, or a name of `xling data list` (default: what \
      the run was trained on).
      """)
  var data: String?

  @OptionGroup var files: DataFilesOptions

  @OptionGroup var languages: LanguagesOption

  @Option(
    help: "train, val or test (default: test; of the run's own data val, where it has no test).")
  var split: Split?

  @OptionGroup var precision: RunPrecisionOption

  func validate() throws {
    if data == nil, files.root != nil {
      throw ValidationError("--root is where the files of --data lie: name both")
    }
  }

  /// Throws ``GuessFailure/strict(what:example:)``, `PrecisionFailure`.
  func subject(
    _ found: RunOption.Found, _ guess: GuessOption
  ) throws -> EvaluationSubject {
    if data == nil {
      try guess.allow("the data", example: GivenCommand.adding(["--data", "scenes"]))
    }
    if languages.words.isEmpty {
      try guess.allow("languages", example: GivenCommand.adding(["--lang", "tr"]))
    }
    var subject = EvaluationSubject(
      run: found.folder, data: data.map { files.source($0) }, languages: languages.words,
      split: split)
    subject.precision = try precision.chosen()
    return subject
  }
}
