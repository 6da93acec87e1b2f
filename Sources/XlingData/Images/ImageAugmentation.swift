import Foundation
import XlingCore

/// torchvision's RandomResizedCrop: the part of the picture that is kept.
public struct RandomCrop: Sendable, Equatable {
  /// Of the picture's area.
  public var scale: ClosedRange<Double>
  /// Width / height.
  public var ratio: ClosedRange<Double>

  public init(scale: ClosedRange<Double> = 0.08...1, ratio: ClosedRange<Double> = 0.75...4 / 3) {
    self.scale = scale
    self.ratio = ratio
  }

  /// Ten tries at an area (uniform) and an aspect (uniform in its logarithm); then the largest
  /// middle part whose aspect is allowed.
  public func draw(width: Int, height: Int, stream: inout RandomStream) -> PixelRegion {
    let area = Double(width * height)
    let (low, high) = (log(ratio.lowerBound), log(ratio.upperBound))
    for _ in 0..<10 {
      let target = area * stream.uniform(scale.lowerBound, scale.upperBound)
      let aspect = exp(stream.uniform(low, high))
      let w = Int((target * aspect).squareRoot().rounded(.toNearestOrEven))
      let h = Int((target / aspect).squareRoot().rounded(.toNearestOrEven))
      guard w > 0, h > 0, w <= width, h <= height else { continue }
      let top = stream.index(height - h + 1)
      let left = stream.index(width - w + 1)
      return PixelRegion(left: left, top: top, width: w, height: h)
    }
    return middle(width: width, height: height)
  }

  private func middle(width: Int, height: Int) -> PixelRegion {
    let aspect = Double(width) / Double(height)
    var (w, h) = (width, height)
    if aspect < ratio.lowerBound {
      h = Int((Double(width) / ratio.lowerBound).rounded(.toNearestOrEven))
    } else if aspect > ratio.upperBound {
      w = Int((Double(height) * ratio.upperBound).rounded(.toNearestOrEven))
    }
    (w, h) = (max(1, min(width, w)), max(1, min(height, h)))
    return PixelRegion(left: (width - w) / 2, top: (height - h) / 2, width: w, height: h)
  }
}

/// Random factors of brightness, contrast and saturation, each in 1 - x ... 1 + x, in random order.
public struct ColorJitter: Sendable, Equatable {
  public var brightness: Double
  public var contrast: Double
  public var saturation: Double

  public init(brightness: Double = 0, contrast: Double = 0, saturation: Double = 0) {
    self.brightness = brightness
    self.contrast = contrast
    self.saturation = saturation
  }

  public func apply(to picture: Picture, stream: inout RandomStream) -> Picture {
    var result = picture
    var order = [0, 1, 2]
    stream.shuffle(&order)
    for step in order {
      let strength = [brightness, contrast, saturation][step]
      guard strength > 0 else { continue }
      let factor = stream.uniform(max(0, 1 - strength), 1 + strength)
      switch step {
      case 0: result.adjustBrightness(factor)
      case 1: result.adjustContrast(factor)
      default: result.adjustSaturation(factor)
      }
    }
    return result
  }
}

/// What happens to a training picture before it is normalized.
public struct ImageAugmentation: Sendable, Equatable {
  public var crop: RandomCrop?
  public var flipProbability: Double
  public var jitter: ColorJitter
  public var randAugment: RandAugment?

  public init(
    crop: RandomCrop? = RandomCrop(scale: 0.6...1), flipProbability: Double = 0.5,
    jitter: ColorJitter = ColorJitter(brightness: 0.2, contrast: 0.2, saturation: 0.2),
    randAugment: RandAugment? = nil
  ) {
    self.crop = crop
    self.flipProbability = flipProbability
    self.jitter = jitter
    self.randAugment = randAugment
  }

  /// LilT's: a crop of at least a fifth, a flip, and two operations of RandAugment.
  public static let lilt = ImageAugmentation(
    crop: RandomCrop(scale: 0.2...1), jitter: ColorJitter(),
    randAugment: RandAugment(arithmetic: .lilt))

  /// The picture at `size` x `size`, cropped, flipped, recoloured and warped at random.
  public func apply(
    to picture: Picture, size: Int, filter: ResampleFilter = .bicubic, stream: inout RandomStream
  ) -> Picture {
    let region = crop?.draw(width: picture.width, height: picture.height, stream: &stream)
    var result = picture.resized(width: size, height: size, filter: filter, region: region)
    if stream.uniform() < flipProbability { result = result.flipped() }
    result = jitter.apply(to: result, stream: &stream)
    return randAugment?.apply(to: result, stream: &stream) ?? result
  }
}

/// The arithmetic of Pillow's ImageEnhance: single precision, cut down to whole numbers.
extension Picture {
  public mutating func adjustBrightness(_ factor: Double) { blend(from: 0, Float(factor)) }

  public mutating func adjustContrast(_ factor: Double) {
    var sum = 0
    pixels.withUnsafeBufferPointer { pixels in
      for index in 0..<width * height { sum += Self.luma(pixels, 3 * index) }
    }
    let mean = Int(Double(sum) / Double(width * height) + 0.5)
    blend(from: Float(mean), Float(factor))
  }

  public mutating func adjustSaturation(_ factor: Double) {
    let factor = Float(factor)
    let count = width * height
    pixels.withUnsafeMutableBufferPointer { pixels in
      for index in 0..<count {
        let at = 3 * index
        let grey = Float(Self.luma(UnsafeBufferPointer(pixels), at))
        for channel in at..<at + 3 {
          pixels[channel] = Self.clipped(grey + factor * (Float(pixels[channel]) - grey))
        }
      }
    }
  }

  private mutating func blend(from base: Float, _ factor: Float) {
    let table = (0..<256).map { Self.clipped(base + factor * (Float($0) - base)) }
    pixels.withUnsafeMutableBufferPointer { pixels in
      table.withUnsafeBufferPointer { table in
        for index in pixels.indices { pixels[index] = table[Int(pixels[index])] }
      }
    }
  }

  /// ITU-R 601-2 in 1/65536, as Pillow's convert("L").
  @inline(__always)
  static func luma(_ pixels: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int {
    (Int(pixels[at]) * 19595 + Int(pixels[at + 1]) * 38470 + Int(pixels[at + 2]) * 7471 + 0x8000)
      >> 16
  }

  @inline(__always)
  private static func clipped(_ value: Float) -> UInt8 { UInt8(max(0, min(255, value))) }
}
