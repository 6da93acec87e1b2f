import CPixels

/// A rectangle in pixels, wholly inside its picture.
public struct PixelRegion: Sendable, Equatable {
  public var left: Int
  public var top: Int
  public var width: Int
  public var height: Int

  public init(left: Int, top: Int, width: Int, height: Int) {
    self.left = left
    self.top = top
    self.width = width
    self.height = height
  }
}

extension Picture {
  /// The picture at another size, bit for bit as Pillow 3.3 to 12.1: the horizontal pass first,
  /// rounded to eight bits, then the vertical one. With `region`, that part alone is resized, as
  /// if it had been cut out before.
  public func resized(
    width newWidth: Int, height newHeight: Int, filter: ResampleFilter = .bicubic,
    region: PixelRegion? = nil
  ) -> Picture {
    precondition(newWidth > 0 && newHeight > 0)
    let part = region ?? PixelRegion(left: 0, top: 0, width: width, height: height)
    if part.width == newWidth && part.height == newHeight {
      return region == nil ? self : cropped(part)
    }
    if filter == .nearest { return nearest(newWidth, newHeight, part) }
    if part.width == newWidth { return resizedDown(newHeight, filter, part) }
    let across = resizedAcross(newWidth, filter, part)
    if part.height == newHeight { return across }
    return across.resizedDown(
      newHeight, filter,
      PixelRegion(left: 0, top: 0, width: across.width, height: across.height))
  }

  /// Exactly the pixels of `region`.
  public func cropped(_ region: PixelRegion) -> Picture {
    check(region)
    var result: [UInt8] = []
    result.reserveCapacity(region.width * region.height * 3)
    for y in region.top..<region.top + region.height {
      let start = (y * width + region.left) * 3
      result += pixels[start..<start + region.width * 3]
    }
    return Picture(width: region.width, height: region.height, pixels: result)
  }

  /// The horizontal pass over the rows of `part`.
  private func resizedAcross(
    _ newWidth: Int, _ filter: ResampleFilter, _ part: PixelRegion
  ) -> Picture {
    let weights = ResampleWeights(source: part.width, result: newWidth, filter: filter)
    return resampled(newWidth, part.height, part) { first, end, target in
      weights.withTaps {
        xling_resample_rows(first, width * 3, end, Int32(part.height), &$0, target)
      }
    }
  }

  /// The vertical pass over the columns of `part`.
  private func resizedDown(
    _ newHeight: Int, _ filter: ResampleFilter, _ part: PixelRegion
  ) -> Picture {
    let weights = ResampleWeights(source: part.height, result: newHeight, filter: filter)
    return resampled(part.width, newHeight, part) { first, _, target in
      weights.withTaps {
        xling_resample_columns(first, width * 3, part.width * 3, &$0, target)
      }
    }
  }

  /// The source pixel under each result's middle; steps are added up, as Pillow does.
  private func nearest(_ newWidth: Int, _ newHeight: Int, _ part: PixelRegion) -> Picture {
    func places(_ count: Int, _ source: Int) -> [Int] {
      let step = Double(source) / Double(count)
      var place = step * 0.5
      return (0..<count).map { _ in
        defer { place += step }
        return min(source - 1, Int(place))
      }
    }
    let columns = places(newWidth, part.width)
    let rows = places(newHeight, part.height)
    return resampled(newWidth, newHeight, part) { first, _, target in
      var to = target
      for row in rows {
        for column in columns {
          to.update(from: first + (row * width + column) * 3, count: 3)
          to += 3
        }
      }
    }
  }

  /// `body` fills the pixels of the result; it gets the first byte of `part` and the end of all.
  private func resampled(
    _ newWidth: Int, _ newHeight: Int, _ part: PixelRegion,
    _ body: (UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Void
  ) -> Picture {
    check(part)
    let count = newWidth * newHeight * 3
    let result = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      pixels.withUnsafeBufferPointer { source in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        body(from + (part.top * width + part.left) * 3, from + source.count, to)
        initialized = count
      }
    }
    return Picture(width: newWidth, height: newHeight, pixels: result)
  }

  private func check(_ region: PixelRegion) {
    precondition(region.left >= 0 && region.left + region.width <= width)
    precondition(region.top >= 0 && region.top + region.height <= height)
    precondition(region.width > 0 && region.height > 0)
  }
}
