import CPixels
import Foundation
import XlingCore

/// Mean and standard deviation of each channel, of values in 0...1.
public struct ChannelStatistics: Codable, Sendable, Equatable {
  public let mean: [Float]
  public let deviation: [Float]

  /// Three values each: red, green, blue.
  public init(mean: [Float], deviation: [Float]) {
    precondition(mean.count == 3 && deviation.count == 3 && deviation.allSatisfy { $0 > 0 })
    self.mean = mean
    self.deviation = deviation
  }

  /// Three numbers each, deviations above 0, or `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    mean = try values.decode([Float].self, forKey: .mean)
    deviation = try values.decode([Float].self, forKey: .deviation)
    guard mean.count == 3, deviation.count == 3, deviation.allSatisfy({ $0 > 0 }) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "expected three channels"))
    }
  }

  /// CLIP (Radford et al. 2021).
  public static let clip = ChannelStatistics(
    mean: [0.48145466, 0.4578275, 0.40821073], deviation: [0.26862954, 0.26130258, 0.27577711])
  public static let imagenet = ChannelStatistics(
    mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
  /// -1...1, as ViT (Dosovitskiy et al. 2021).
  public static let half = ChannelStatistics(
    mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])
  /// Nothing is subtracted or divided.
  public static let none = ChannelStatistics(mean: [0, 0, 0], deviation: [1, 1, 1])
}

extension ChannelStatistics: CustomStringConvertible {
  /// A preset's name, or the numbers.
  public var description: String {
    let presets: [(name: String, statistics: ChannelStatistics)] = [
      ("half", .half), ("imagenet", .imagenet), ("clip", .clip), ("none", .none),
    ]
    return presets.first { $0.statistics == self }?.name ?? "mean \(mean), deviation \(deviation)"
  }
}

/// How a picture becomes the tensor that a tower reads.
public struct ImagePreprocessing: Codable, Sendable, Equatable {
  public enum Resize: Codable, Sendable, Equatable {
    case none
    /// Both sides, whatever the aspect: torchvision's `Resize((S, S))`.
    case square(Int)
    /// The shorter side: `Resize(s)`.
    case shorterSide(Int)
    /// The longer side, so that the whole picture lies within a square: timm's and open_clip's
    /// `ResizeKeepRatio`.
    case longerSide(Int)
  }

  /// Where a crop lies when half a pixel is left over.
  public enum CropRounding: String, Codable, Sendable, Equatable {
    /// torchvision's `CenterCrop`.
    case halfToEven
    /// Hugging Face's `center_crop`.
    case down
  }

  /// What an eight-bit value is multiplied by before the mean is subtracted.
  public enum Rescale: Codable, Sendable, Equatable {
    /// Division by 255 in single precision, as torchvision's `ToTensor`.
    case byte
    /// A factor in double precision, rounded to single, as Hugging Face's `rescale`.
    case factor(Double)
  }

  /// Side of the result in pixels.
  public var size: Int
  public var resize: Resize
  /// nil where `resize` alone makes `size` x `size`.
  public var crop: CropRounding?
  public var filter: ResampleFilter
  public var rescale: Rescale
  public var statistics: ChannelStatistics
  /// Red, green and blue of what a cut finds beside a smaller picture; nil: black.
  public var fill: [UInt8]?
  /// Whether values are scaled to 0...1 and then resized, unrounded, as DINOv3's processor does;
  /// everyone else resizes eight-bit pictures.
  public var resizesFloats = false

  /// A square of `size`, without a crop.
  public init(
    size: Int, filter: ResampleFilter = .bicubic, statistics: ChannelStatistics = .half
  ) {
    self.init(size: size, resize: .square(size), crop: nil, filter: filter, statistics: statistics)
  }

  /// Without a `crop`, `resize` must be the square of `size`.
  public init(
    size: Int, resize: Resize, crop: CropRounding? = .halfToEven,
    filter: ResampleFilter = .bicubic, rescale: Rescale = .byte,
    statistics: ChannelStatistics = .half
  ) {
    precondition(size > 0 && (crop != nil || resize == .square(size)))
    self.size = size
    self.resize = resize
    self.crop = crop
    self.filter = filter
    self.rescale = rescale
    self.statistics = statistics
  }

  /// Floats in one picture's tensor: 3 x size x size.
  public var elementCount: Int { 3 * size * size }

  /// The resized eight-bit picture, size x size.
  public func prepared(_ picture: Picture) -> Picture {
    let resized = resizedSides(of: picture).map {
      picture.resized(width: $0.width, height: $0.height, filter: filter)
    }
    return cropped(resized ?? picture)
  }

  private func cropped(_ picture: Picture) -> Picture {
    crop.map { picture.centerCropped(size, rounding: $0, fill: fill) } ?? picture
  }

  /// What a picture is resized to; nil where it is not.
  private func resizedSides(of picture: Picture) -> (width: Int, height: Int)? {
    switch resize {
    case .none: return nil
    case .square(let side): return (side, side)
    case .shorterSide(let side):
      let longer = side * max(picture.width, picture.height) / min(picture.width, picture.height)
      return picture.width <= picture.height ? (side, longer) : (longer, side)
    case .longerSide(let side):
      let ratio =
        max(Double(picture.width) / Double(side), Double(picture.height) / Double(side))
      func scaled(_ length: Int) -> Int {
        max(1, Int((Double(length) / ratio).rounded(.toNearestOrEven)))
      }
      return (scaled(picture.width), scaled(picture.height))
    }
  }

  /// Resizes and writes 3 x size x size floats, channel by channel (CHW).
  public func write(_ picture: Picture, to tensor: UnsafeMutablePointer<Float>) {
    guard resizesFloats, let sides = resizedSides(of: picture) else {
      normalize(prepared(picture), to: tensor)
      return
    }
    let planes = FloatPlanes(picture, values: (0..<256).map(rescaled)).resized(
      width: sides.width, height: sides.height, filter: filter)
    let (left, top) = (start(sides.width - size), start(sides.height - size))
    for channel in 0..<3 {
      let (mean, deviation) = (statistics.mean[channel], statistics.deviation[channel])
      for y in 0..<size {
        for x in 0..<size {
          let value = planes.value(channel, x + left, y + top)
          tensor[(channel * size + y) * size + x] = (value - mean) / deviation
        }
      }
    }
  }

  /// Where a cut begins that leaves out so much; below 0 where it adds.
  private func start(_ excess: Int) -> Int {
    crop == .halfToEven
      ? Int((Double(excess) / 2).rounded(.toNearestOrEven))
      : Int((Double(excess) / 2).rounded(.down))
  }

  /// Writes an already `size` x `size` picture: (rescaled value - mean) / deviation, each step
  /// rounded to single precision.
  public func normalize(_ picture: Picture, to tensor: UnsafeMutablePointer<Float>) {
    precondition(picture.width == size && picture.height == size)
    // Channel x value: 256 divisions instead of one a pixel.
    var tables: [Float] = []
    tables.reserveCapacity(3 * 256)
    for channel in 0..<3 {
      let (mean, deviation) = (statistics.mean[channel], statistics.deviation[channel])
      for value in 0..<256 { tables.append((rescaled(value) - mean) / deviation) }
    }
    xling_planes_from_rgb(picture.pixels, size * size, tables, tensor)
  }

  private func rescaled(_ value: Int) -> Float {
    switch rescale {
    case .byte: Float(value) / 255
    case .factor(let factor): Float(Double(value) * factor)
    }
  }
}
