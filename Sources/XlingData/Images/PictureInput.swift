/// How a picture's file becomes the tensor that a tower reads, from EXIF to normalization; what a run
/// records of it.
public struct PictureInput: Codable, Sendable, Equatable {
  public var reading: PictureReading
  public var preprocessing: ImagePreprocessing

  public init(_ preprocessing: ImagePreprocessing, reading: PictureReading = PictureReading()) {
    self.reading = reading
    self.preprocessing = preprocessing
  }

  /// A file's pixels, and what was wrong with it where the policy let that pass. Throws
  /// ``ImageFailure`` or `FileFailure`.
  public func load(path: String) throws -> PictureReading.Result { try reading.load(path: path) }
}

extension PictureInput: CustomStringConvertible {
  /// One line for a protocol: "128x128 bicubic, half", and what differs from LilT's reading.
  public var description: String {
    var words = ["\(preprocessing.size)x\(preprocessing.size) \(preprocessing.filter.rawValue)"]
    switch preprocessing.resize {
    case .square(preprocessing.size): break
    case .square(let side): words.append("cut from \(side)x\(side)")
    case .shorterSide(let side): words.append("cut from a shorter side of \(side)")
    case .longerSide(let side): words.append("cut from a longer side of \(side)")
    case .none: words.append("cut out unresized")
    }
    if let fill = preprocessing.fill { words.append("filled up with \(fill)") }
    if preprocessing.resizesFloats { words.append("resized unrounded") }
    if preprocessing.crop == .down { words.append("odd margins down") }
    words.append(preprocessing.statistics.description)
    if case .factor(let factor) = preprocessing.rescale { words.append("values times \(factor)") }
    if reading.orientation != .ignore { words.append("EXIF applied") }
    if reading.truncated != .strict { words.append("truncated as \(reading.truncated.rawValue)") }
    if reading.pixelLimit != Picture.pixelLimit {
      words.append("at most \(reading.pixelLimit) pixels")
    }
    return words.joined(separator: ", ")
  }
}
