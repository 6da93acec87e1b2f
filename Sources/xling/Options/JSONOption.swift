import ArgumentParser

/// `--json`, for commands that print one result.
struct JSONOption: ParsableArguments {
  @Flag(name: .customLong("json"), help: "Print the result as JSON.")
  var isAsked = false

  /// The result as JSON where it is asked for, else `text`. Throws what encoding and `text` throw.
  func print(_ result: some Encodable, text: () throws -> String) throws {
    xling.print(isAsked ? try JSONText.encode(result) : try text())
  }
}
