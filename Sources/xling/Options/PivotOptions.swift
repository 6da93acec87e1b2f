import ArgumentParser
import XlingCore

/// For commands that hold languages against one of them.
struct PivotOptions: ParsableArguments {
  @Option(
    name: .customShort("k"), help: "Places that count as found.",
    transform: NumberRange.whole(from: 1))
  var k = 10

  @Option(help: "The language to hold the others against (default: the one aligned on).")
  var against: String?

  @OptionGroup var json: JSONOption

  func validate() throws {
    if let against { GivenLanguages.tell([against]) }
  }
}
