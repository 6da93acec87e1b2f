import ArgumentParser
import XlingData

extension Split: ExpressibleByArgument {}

/// `--split`, for commands that measure on test.
struct SplitOption: ParsableArguments {
  @Option(help: "train, val or test.")
  var split: Split = .test
}
