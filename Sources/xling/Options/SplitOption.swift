import ArgumentParser
import XlingData

extension Split: ExpressibleByArgument {}

/// `--split`, for commands that measure on test.
struct SplitOption: ParsableArguments {
  @Option(name: .customLong("split"), help: "train, val or test (default: test).")
  var given: Split?

  var split: Split { given ?? .test }
}
