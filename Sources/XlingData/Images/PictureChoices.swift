import Foundation

/// How picture files become tensors, as a user chooses it. What is not chosen is what the tower's
/// `preprocessor_config.json` says, else what LilT does: squeezed into the square, bicubic, EXIF ignored.
public struct PictureChoices: Sendable, Equatable {
  /// A `preprocessor_config.json`, or the folder of one; "none" leaves out the tower's own.
  public var preprocessor: String?
  public var statistics: ChannelStatistics?
  /// Resize the shorter side to so many pixels and cut the middle out of it.
  public var shorterSide: Int?
  public var filter: ResampleFilter?
  public var orientation: PictureReading.Orientation?
  public var truncated: PictureReading.Truncated?

  public init() {}

  /// For a tower in `folder` that reads pictures of `side`; `isChosen` when that is not its own.
  /// `preset`, a method's statistics, stands for its authors' whole way (LilT's, CLIP's): the tower's
  /// own preprocessor is left out then. Throws ``ImageFailure``, `FileFailure`.
  public func input(
    tower folder: String, side: Int, isChosen: Bool = false, preset: ChannelStatistics? = nil
  ) throws -> PictureInput {
    var base = PictureInput(ImagePreprocessing(size: side, statistics: preset ?? .half))
    if let file = preprocessorFile(beside: preset == nil ? folder : nil) {
      base.preprocessing = try ImagePreprocessing(
        preprocessorConfiguration: file, side: side, isChosen: isChosen)
    }
    return applied(to: base)
  }

  /// For a run that read pictures as `recorded`. Throws ``ImageFailure``, `FileFailure`.
  public func input(like recorded: PictureInput) throws -> PictureInput {
    let side = recorded.preprocessing.size
    guard preprocessor != nil else { return applied(to: recorded) }
    var base = PictureInput(ImagePreprocessing(size: side), reading: recorded.reading)
    if let file = preprocessorFile(beside: nil) {
      base.preprocessing = try ImagePreprocessing(
        preprocessorConfiguration: file, side: side, isChosen: false)
    }
    return applied(to: base)
  }

  /// All but the preprocessor, which is what they change.
  public func applied(to input: PictureInput) -> PictureInput {
    var input = input
    if let shorterSide {
      input.preprocessing.resize = .shorterSide(shorterSide)
      input.preprocessing.crop = input.preprocessing.crop ?? .halfToEven
    }
    input.preprocessing.filter = filter ?? input.preprocessing.filter
    input.preprocessing.statistics = statistics ?? input.preprocessing.statistics
    input.reading.orientation = orientation ?? input.reading.orientation
    input.reading.truncated = truncated ?? input.reading.truncated
    return input
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
