import ArgumentParser
import XlingCore
import XlingJobs
import XlingRuns

/// A run on a dataset, for the commands that look into its results; embeddings are kept as by
/// `xling eval`.
struct SubjectOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("A run's folder, or a stored run's name.", valueName: "run"))
  var name: String

  @Option(
    help: "scenes, emoji, stamps (in data/), a dataset folder, or a name of `xling data list`.")
  var data: String

  @OptionGroup var files: DataFilesOptions

  @Option(help: "A language's code or name, repeatable; or all.")
  var lang: [String]

  @OptionGroup var split: SplitOption

  @OptionGroup var store: StoreOption

  @OptionGroup var threads: ThreadsOption

  /// The subject, and the path of the store beside which embeddings are kept. Throws
  /// ``StoreFailure``, and as `RunLookup.folder`.
  func found() throws -> (subject: EvaluationSubject, store: String) {
    threads.apply()
    Interruption.watch()
    let store = try store.place(for: [name]).path
    return (
      EvaluationSubject(
        run: try RunLookup.folder(name, store: store), data: files.source(data),
        languages: lang, split: split.split), store
    )
  }
}
