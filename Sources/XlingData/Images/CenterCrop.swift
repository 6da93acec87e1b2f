extension Picture {
  /// The middle `size` x `size`; what a smaller picture lacks is `fill`, black unless given, the odd pixel at the end
  /// under torchvision's rounding and at the start under Hugging Face's.
  public func centerCropped(
    _ size: Int, rounding: ImagePreprocessing.CropRounding = .halfToEven, fill: [UInt8]? = nil
  ) -> Picture {
    if width < size || height < size {
      return padded(toAtLeast: size, rounding, fill).centerCropped(size, rounding: rounding)
    }
    func start(_ excess: Int) -> Int {
      rounding == .down ? excess / 2 : Int((Double(excess) / 2).rounded(.toNearestOrEven))
    }
    return cropped(
      PixelRegion(left: start(width - size), top: start(height - size), width: size, height: size))
  }

  private func padded(
    toAtLeast size: Int, _ rounding: ImagePreprocessing.CropRounding, _ fill: [UInt8]?
  ) -> Picture {
    let odd = rounding == .down ? 1 : 0
    let left = max(0, (size - width + odd) / 2)
    let top = max(0, (size - height + odd) / 2)
    var result = Picture(width: max(width, size), height: max(height, size))
    if let fill, fill.count == 3 {
      for index in result.pixels.indices { result.pixels[index] = fill[index % 3] }
    }
    for y in 0..<height {
      let from = y * width * 3
      let to = ((y + top) * result.width + left) * 3
      result.pixels.replaceSubrange(to..<to + width * 3, with: pixels[from..<from + width * 3])
    }
    return result
  }
}
