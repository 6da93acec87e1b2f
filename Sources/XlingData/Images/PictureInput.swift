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
    case .none: words.append("cut out unresized")
    }
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

extension ImagePreprocessing {
  /// For a tower that reads pictures of `side`, from a preprocessor's file. `isChosen` when the side
  /// was asked for in place of the tower's own: what the file resizes to grows along. Throws
  /// ``ImageFailure/badPreprocessor(path:key:expected:found:)`` when the file makes pictures of another
  /// size, or `FileFailure`.
  public init(preprocessorConfiguration path: String, side: Int, isChosen: Bool) throws {
    var read = try ImagePreprocessing(preprocessorConfiguration: path)
    if read.size != side {
      guard isChosen else {
        throw ImageFailure.badPreprocessor(
          path: path, key: read.crop == nil ? "size" : "crop_size",
          expected: "\(side), which the tower reads", found: "\(read.size)")
      }
      switch read.resize {
      case .none: break
      case .square(read.size) where read.crop == nil: read.resize = .square(side)
      case .square(let old): read.resize = .square(max(1, old * side / read.size))
      case .shorterSide(let old): read.resize = .shorterSide(max(1, old * side / read.size))
      }
      read.size = side
    }
    // The same 256 numbers, as a test checks.
    if read.rescale == .factor(1 / 255) { read.rescale = .byte }
    self = read
  }
}
