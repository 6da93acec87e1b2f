import ArgumentParser
import XlingCore

/// `--threads`, for every command that computes.
struct ThreadsOption: ParsableArguments {
  @Option(
    help: "Threads (default: the machine's cores).",
    transform: NumberRange.whole(1...NumberRange.threads))
  var threads: Int?

  func apply() {
    if let threads { Parallel.setThreads(threads) }
  }
}
