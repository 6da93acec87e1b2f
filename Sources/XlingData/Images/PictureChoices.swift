import Foundation
import XlingCore

/// How picture files become tensors, as a user chooses it. What is not chosen is what the tower's
/// folder declares, else what LilT does: squeezed into the square, bicubic, EXIF ignored.
public struct PictureChoices: Sendable, Equatable {
  /// A file that says how pictures are prepared, or the folder of one; "none" leaves out the tower's own.
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
    let declared = try declared(
      beside: preset == nil ? folder : nil, side: isChosen ? side : nil)
    var base = PictureInput(ImagePreprocessing(size: side, statistics: preset ?? .half))
    if let declared { base.preprocessing = try declared.check(side: side) }
    return applied(to: base)
  }

  /// For a run that read pictures as `recorded`. Throws ``ImageFailure``, `FileFailure`.
  public func input(like recorded: PictureInput) throws -> PictureInput {
    let side = recorded.preprocessing.size
    guard preprocessor != nil else { return applied(to: recorded) }
    var base = PictureInput(ImagePreprocessing(size: side), reading: recorded.reading)
    if let declared = try declared(beside: nil) {
      base.preprocessing = try declared.check(side: side)
    }
    return applied(to: base)
  }

  /// What is declared by the file that was chosen, else by a tower's folder; nil where nothing is or
  /// nothing is wanted.
  public func declared(beside tower: String?, side: Int? = nil) throws -> DeclaredPictures? {
    guard let preprocessor else {
      return try tower.flatMap { try DeclaredPictures(folder: $0, side: side) }
    }
    if preprocessor == "none" { return nil }
    return try DeclaredPictures(at: preprocessor, side: side)
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
}

extension DeclaredPictures {
  /// A file, or a folder that must have one. Throws ``ImageFailure`` or `FileFailure`.
  public init(at path: String, side: Int? = nil) throws {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard isFolder.boolValue else {
      try self.init(file: path, side: side)
      return
    }
    guard let declared = try DeclaredPictures(folder: path, side: side) else {
      throw FileFailure.missing(
        path: path + "/" + Self.fileNames[0],
        hint: "Nothing in that folder says how pictures are prepared: "
          + Self.fileNames.joined(separator: ", ") + ".")
    }
    self = declared
  }

  /// For a tower that reads pictures of `side`. Throws
  /// ``ImageFailure/badPreprocessor(path:key:expected:found:)`` when the file makes others.
  func check(side: Int) throws(ImageFailure) -> ImagePreprocessing {
    guard preprocessing.size == side else {
      throw .badPreprocessor(
        path: path, key: sizeKey,
        expected: "\(side), which the tower reads (--image-size \(preprocessing.size) has it read "
          + "others)",
        found: "\(preprocessing.size)")
    }
    return preprocessing
  }
}
