import ArgumentParser
import Foundation

/// `--strict`, for every command that takes something for what is not said.
struct GuessOption: ParsableArguments {
  @Flag(
    help: """
      Guess nothing: a run, data or languages that are not named whole are an error (also \
      XLING_STRICT=1).
      """)
  var strict = false

  static let variable = "XLING_STRICT"

  var isStrict: Bool { strict || ProcessInfo.processInfo.environment[Self.variable] == "1" }

  /// Throws ``GuessFailure/strict(what:example:)`` where guessing is off.
  func allow(_ what: String, example: String) throws(GuessFailure) {
    if isStrict { throw .strict(what: what, example: example) }
  }
}
