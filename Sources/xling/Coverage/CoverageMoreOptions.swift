import ArgumentParser
import XlingCore
import XlingUnicode

/// What `xling coverage` does beyond its table.
struct CoverageMoreOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Write one HTML page: heat map, premiums, premium against the recall of stored runs, worst words, \
      scripts, tokenizers side by side.
      """, valueName: "file"))
  var report: String?

  @Option(
    help: ArgumentHelp(
      """
      Measure every text again, written otherwise, beside the text as it is; several with commas between: \
      \(Perturbation.allCases.map(\.rawValue).joined(separator: ", ")), or all.
      """, valueName: "list"))
  var perturb: String?

  @Option(
    help: "Seed of the perturbations that draw, zwj and keyboard (default: 0).",
    transform: NumberRange.seed)
  var perturbSeed: UInt64?

  @Flag(
    name: .customLong("no-icu-words"),
    help: "Leave words by ICU's rules out, and their metrics: a text is measured faster.")
  var leavesICUWords = false

  func validate() throws {
    if report?.isEmpty == true { throw ValidationError("--report is empty: name a file") }
    guard let perturb else {
      if perturbSeed != nil { throw ValidationError("--perturb-seed goes with --perturb") }
      return
    }
    let kinds: [Perturbation]
    do throws(PerturbationFailure) {
      kinds = try Perturbation.list(perturb)
    } catch { throw ValidationError(error.description) }
    if perturbSeed != nil, !kinds.contains(where: \.isDrawn) {
      throw ValidationError("--perturb-seed goes with zwj and keyboard: nothing else is drawn")
    }
  }

  func perturbations() throws -> [Perturbation] {
    try perturb.map { try Perturbation.list($0) } ?? []
  }
}
