import ArgumentParser
import Foundation
import XlingAlignment
import XlingCore
import XlingData

extension PictureStatistics: ExpressibleByArgument {}
extension PictureReading.Orientation: ExpressibleByArgument {}
extension PictureReading.Truncated: ExpressibleByArgument {}
extension ResampleFilter: ExpressibleByArgument {}

/// How picture files become tensors. What is not given is what the tower's `preprocessor_config.json`
/// says, else what LilT does: squeezed into the square, bicubic, EXIF ignored.
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

  private var choices: PictureChoices {
    var choices = PictureChoices()
    choices.statistics = statistics?.channels
    choices.shorterSide = resizeShorter
    choices.filter = filter
    choices.orientation = orientation
    choices.truncated = truncated
    return choices
  }

  /// For a tower in `folder` that reads pictures of `side`; `isChosen` when that is not its own.
  /// `preset`, a method's statistics, stands for its authors' whole way (LilT's, CLIP's): the tower's
  /// own preprocessor is left out then. Throws `ImageFailure`, `FileFailure`.
  func input(
    tower folder: String, side: Int, isChosen: Bool = false, preset: PictureStatistics? = nil
  ) throws -> PictureInput {
    var base = PictureInput(
      ImagePreprocessing(size: side, statistics: (preset ?? .half).channels))
    if let file = preprocessorFile(beside: preset == nil ? folder : nil) {
      base.preprocessing = try ImagePreprocessing(
        preprocessorConfiguration: file, side: side, isChosen: isChosen)
    }
    return choices.applied(to: base)
  }

  /// For a run that read pictures as `recorded`. Throws `ImageFailure`, `FileFailure`.
  func input(like recorded: PictureInput) throws -> PictureInput {
    let side = recorded.preprocessing.size
    guard preprocessor != nil else { return choices.applied(to: recorded) }
    var base = PictureInput(ImagePreprocessing(size: side), reading: recorded.reading)
    if let file = preprocessorFile(beside: nil) {
      base.preprocessing = try ImagePreprocessing(
        preprocessorConfiguration: file, side: side, isChosen: false)
    }
    return choices.applied(to: base)
  }

  /// The one named, or the one in a tower's folder; nil where there is none or none is wanted.
  private func preprocessorFile(beside tower: String?) -> String? {
    let name = "preprocessor_config.json"
    guard let preprocessor else {
      let file = tower.map { $0 + "/" + name }
      return file.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }
    }
    if preprocessor == "none" { return nil }
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: preprocessor, isDirectory: &isFolder)
    return preprocessor + (isFolder.boolValue ? "/" + name : "")
  }
}

/// What is said of pictures that a policy let pass.
enum PictureWarnings {
  /// The first few by name, on stderr.
  static func damaged(_ found: [(path: String, reason: String)]) {
    for (path, reason) in found.prefix(10) {
      ProgressBar.toStandardError(
        "xling: warning: \(path): \(reason); decoded as far as it goes\n")
    }
    if found.count > 10 {
      ProgressBar.toStandardError(
        "xling: warning: \(found.count - 10) more pictures are damaged\n")
    }
  }
}
