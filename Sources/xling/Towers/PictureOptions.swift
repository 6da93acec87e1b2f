import ArgumentParser
import XlingAlignment
import XlingCore
import XlingData

extension PictureStatistics: ExpressibleByArgument {}
extension PictureReading.Orientation: ExpressibleByArgument {}
extension PictureReading.Truncated: ExpressibleByArgument {}
extension ResampleFilter: ExpressibleByArgument {}

/// The options of ``PictureChoices``.
struct PictureOptions: ParsableArguments {
  @Option(
    help: """
      A preprocessor_config.json, or the folder of one; none leaves out the tower's own (default: \
      the tower's, where it has one).
      """)
  var preprocessor: String?

  @Option(help: "Mean and deviation of pixel values (default: the preprocessor's, else half).")
  var statistics: PictureStatistics?

  @Option(
    help: "Resize the shorter side to so many pixels and cut out the middle.",
    transform: NumberRange.whole(1...NumberRange.pixels))
  var resizeShorter: Int?

  @Option(help: "How pixels are resampled (default: the preprocessor's, else bicubic).")
  var filter: ResampleFilter?

  @Option(help: "What EXIF orientation does (default: ignore).")
  var orientation: PictureReading.Orientation?

  @Option(
    help: "Pictures that stop early: strict refuses (default), lilt decodes as far as they go.")
  var truncated: PictureReading.Truncated?

  /// Names of the options that were given.
  var given: [String] {
    GivenOptions.names([
      ("--preprocessor", preprocessor != nil), ("--statistics", statistics != nil),
      ("--resize-shorter", resizeShorter != nil), ("--filter", filter != nil),
      ("--orientation", orientation != nil), ("--truncated", truncated != nil),
    ])
  }

  var choices: PictureChoices {
    var choices = PictureChoices()
    choices.preprocessor = preprocessor
    choices.statistics = statistics?.channels
    choices.shorterSide = resizeShorter
    choices.filter = filter
    choices.orientation = orientation
    choices.truncated = truncated
    return choices
  }
}
