import Foundation
import XlingCore

/// Mean and standard deviation of each channel, of values in 0...1.
public struct ChannelStatistics: Sendable, Equatable {
  public let mean: [Float]
  public let deviation: [Float]

  /// Three values each: red, green, blue.
  public init(mean: [Float], deviation: [Float]) {
    precondition(mean.count == 3 && deviation.count == 3 && deviation.allSatisfy { $0 > 0 })
    self.mean = mean
    self.deviation = deviation
  }

  /// CLIP (Radford et al. 2021).
  public static let clip = ChannelStatistics(
    mean: [0.48145466, 0.4578275, 0.40821073], deviation: [0.26862954, 0.26130258, 0.27577711])
  public static let imagenet = ChannelStatistics(
    mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
  /// -1...1, as ViT (Dosovitskiy et al. 2021).
  public static let half = ChannelStatistics(
    mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])
}

/// How a picture becomes the tensor that a tower reads.
public struct ImagePreprocessing: Sendable, Equatable {
  public enum Resize: Sendable, Equatable {
    /// Both sides to `size`, whatever the aspect: torchvision's `Resize((S, S))`.
    case square
    /// The shorter side to `shorter`, then the middle `size` x `size`: `Resize(s)`, `CenterCrop`.
    case centerCrop(shorter: Int)
  }

  /// Side of the result in pixels.
  public var size: Int
  public var resize: Resize
  public var filter: ResampleFilter
  public var statistics: ChannelStatistics

  public init(
    size: Int, resize: Resize = .square, filter: ResampleFilter = .bicubic,
    statistics: ChannelStatistics = .half
  ) {
    self.size = size
    self.resize = resize
    self.filter = filter
    self.statistics = statistics
  }

  /// Floats in one picture's tensor: 3 x size x size.
  public var elementCount: Int { 3 * size * size }

  /// The resized eight-bit picture.
  public func prepared(_ picture: Picture) -> Picture {
    switch resize {
    case .square: picture.resized(width: size, height: size, filter: filter)
    case .centerCrop(let shorter):
      picture.resized(shorterSide: shorter, filter: filter).centerCropped(size)
    }
  }

  /// Resizes and writes 3 x size x size floats, channel by channel (CHW).
  public func write(_ picture: Picture, to tensor: UnsafeMutablePointer<Float>) {
    normalize(prepared(picture), to: tensor)
  }

  /// Writes an already `size` x `size` picture: (value / 255 - mean) / deviation, each step rounded
  /// to single precision as torchvision does.
  public func normalize(_ picture: Picture, to tensor: UnsafeMutablePointer<Float>) {
    precondition(picture.width == size && picture.height == size)
    let plane = size * size
    var table = [Float](repeating: 0, count: 256)
    picture.pixels.withUnsafeBufferPointer { pixels in
      for channel in 0..<3 {
        let (mean, deviation) = (statistics.mean[channel], statistics.deviation[channel])
        for value in 0..<256 { table[value] = (Float(value) / 255 - mean) / deviation }
        table.withUnsafeBufferPointer { table in
          let target = tensor + channel * plane
          for index in 0..<plane { target[index] = table[Int(pixels[3 * index + channel])] }
        }
      }
    }
  }
}

extension Picture {
  /// torchvision's `Resize(s)`: the longer side is cut down to a whole number.
  public func resized(shorterSide: Int, filter: ResampleFilter = .bicubic) -> Picture {
    let longer = shorterSide * max(width, height) / min(width, height)
    return width <= height
      ? resized(width: shorterSide, height: longer, filter: filter)
      : resized(width: longer, height: shorterSide, filter: filter)
  }

  /// torchvision's `CenterCrop`: halves round to even; what a smaller picture lacks is black.
  public func centerCropped(_ size: Int) -> Picture {
    if width < size || height < size { return padded(toAtLeast: size).centerCropped(size) }
    let left = (Double(width - size) / 2).rounded(.toNearestOrEven)
    let top = (Double(height - size) / 2).rounded(.toNearestOrEven)
    return cropped(PixelRegion(left: Int(left), top: Int(top), width: size, height: size))
  }

  private func padded(toAtLeast size: Int) -> Picture {
    let left = max(0, (size - width) / 2)
    let top = max(0, (size - height) / 2)
    var result = Picture(width: max(width, size), height: max(height, size))
    for y in 0..<height {
      let from = y * width * 3
      let to = ((y + top) * result.width + left) * 3
      result.pixels.replaceSubrange(to..<to + width * 3, with: pixels[from..<from + width * 3])
    }
    return result
  }

  /// Mirrored left to right.
  public func flipped() -> Picture {
    var result = self
    result.pixels.withUnsafeMutableBufferPointer { target in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          for x in 0..<width {
            let from = (y * width + x) * 3
            let to = (y * width + width - 1 - x) * 3
            target[to] = source[from]
            target[to + 1] = source[from + 1]
            target[to + 2] = source[from + 2]
          }
        }
      }
    }
    return result
  }
}
