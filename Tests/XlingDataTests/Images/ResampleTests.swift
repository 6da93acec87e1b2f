import CPixels
import Testing
import XlingData

@Suite struct ResampleTests {
  @Test func anUnchangedSizeChangesNothing() {
    let picture = Picture(width: 21, height: 13, pixels: gradientBytes(width: 21, height: 13))
    #expect(picture.resized(width: 21, height: 13) == picture)
  }

  /// By hand: halving 4 pixels with the triangle of half-width 2, weights 3/7 3/7 1/7.
  @Test func bilinearHalvingByHand() {
    let row: [UInt8] = [0, 70, 140, 210]
    let picture = Picture(width: 4, height: 1, pixels: row.flatMap { [$0, $0, $0] })
    let half = picture.resized(width: 2, height: 1, filter: .bilinear)
    #expect(half.pixels == [50, 50, 50, 160, 160, 160])
  }

  @Test func tensorIsPlanar() {
    let picture = Picture(width: 2, height: 2, red: 255, green: 0, blue: 51)
    let preprocessing = ImagePreprocessing(size: 2, statistics: .half)
    var tensor = [Float](repeating: 9, count: 12)
    preprocessing.write(picture, to: &tensor)
    #expect(tensor[0..<4].allSatisfy { $0 == 1 })
    #expect(tensor[4..<8].allSatisfy { $0 == -1 })
    #expect(tensor[8..<12].allSatisfy { abs($0 + 0.6) < 1e-6 })
  }

  @Test func centerCropOfASmallerPictureIsPaddedWithBlack() {
    let picture = Picture(width: 2, height: 2, red: 9, green: 9, blue: 9)
    let result = picture.centerCropped(4)
    #expect(result.pixels.count(where: { $0 == 9 }) == 12)
    #expect(result.pixels[(1 * 4 + 1) * 3] == 9)
  }
}

/// The vector loops against the plain ones, on every size where their edges could differ.
@Suite struct ResampleKernelTests {
  private struct Axis {
    var starts: [Int32] = []
    var counts: [Int32] = []
    var weights: [Int32] = []
    let stride = 12

    /// Results that read up to nine pixels of `source`, with weights of every sign and size.
    init(source: Int, results: Int) {
      for index in 0..<results {
        let start = (index * 5) % source
        let count = min(1 + (index * 7) % 9, source - start)
        starts.append(Int32(start))
        counts.append(Int32(count))
        for tap in 0..<stride {
          let weight = Int32((index * 131 + tap * 977) % 300_000) - 100_000
          weights.append(tap < count ? (tap == 0 ? 1 << 22 : weight) : 0)
        }
      }
    }

    func taps(_ body: (inout xling_taps) -> Void) {
      starts.withUnsafeBufferPointer { starts in
        counts.withUnsafeBufferPointer { counts in
          weights.withUnsafeBufferPointer { weights in
            var taps = xling_taps(
              starts: starts.baseAddress, counts: counts.baseAddress,
              weights: weights.baseAddress, results: Int32(starts.count), stride: Int32(stride))
            body(&taps)
          }
        }
      }
    }
  }

  @Test(arguments: [1, 2, 3, 5, 11, 16, 33])
  func rows(width: Int) {
    for height in 1...9 {
      let source = gradientBytes(width: width, height: height)
      let axis = Axis(source: width, results: 13)
      var fast = [UInt8](repeating: 1, count: 13 * 3 * height)
      var plain = [UInt8](repeating: 2, count: 13 * 3 * height)
      source.withUnsafeBufferPointer { bytes in
        guard let first = bytes.baseAddress else { return }
        axis.taps {
          xling_resample_rows(first, width * 3, first + bytes.count, Int32(height), &$0, &fast)
          xling_resample_rows_plain(first, width * 3, Int32(height), &$0, &plain)
        }
      }
      #expect(fast == plain, "\(width) x \(height)")
    }
  }

  @Test(arguments: [1, 2, 5, 6, 11, 16, 33])
  func columns(width: Int) {
    for height in [1, 2, 7, 20] {
      let source = gradientBytes(width: width, height: height)
      let axis = Axis(source: height, results: 13)
      var fast = [UInt8](repeating: 1, count: 13 * 3 * width)
      var plain = [UInt8](repeating: 2, count: 13 * 3 * width)
      axis.taps {
        xling_resample_columns(source, width * 3, width * 3, &$0, &fast)
        xling_resample_columns_plain(source, width * 3, width * 3, &$0, &plain)
      }
      #expect(fast == plain, "\(width) x \(height)")
    }
  }
}
