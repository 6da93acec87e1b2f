import Foundation
import Testing
import XlingCore
import XlingData
import XlingTestSupport

@Suite struct ImagesResampleTests {
  /// `FILE.FILTER_WxH`, `FILE.FILTER_shorter36_crop32`, `FILE.resized_crop_TOP_LEFT_H_W_bicubic_S`.
  private func resized(_ picture: Picture, as recipe: String) -> Picture? {
    let words = recipe.split(separator: "_").map(String.init)
    if words[0] == "resized" {
      let n = words[2..<6].compactMap { Int($0) }
      return picture.resized(
        width: 32, height: 32,
        region: PixelRegion(left: n[1], top: n[0], width: n[3], height: n[2]))
    }
    guard words[0] == "bicubic" || words[0] == "bilinear" else { return nil }
    let filter = words[0] == "bicubic" ? ResampleFilter.bicubic : .bilinear
    if words[1] == "shorter36" {
      return picture.resized(shorterSide: 36, filter: filter).centerCropped(32)
    }
    let sides = words[1].split(separator: "x").compactMap { Int($0) }
    return picture.resized(width: sides[0], height: sides[1], filter: filter)
  }

  @Test(.enabled(if: ImageFixtures.present, "needs ../shared/fixtures"))
  func resizesAsPillow() throws {
    let expected = try ImageFixtures.tensors("resized")
    var compared = 0
    for name in expected.names {
      let parts = name.split(separator: ".").map(String.init)
      let file = parts[0] + "." + parts[1]
      guard ImageFixtures.isRead(file) else { continue }
      let picture = try Picture.load(path: ImageFixtures.path("files/" + file))
      guard let result = resized(picture, as: parts[2]) else { continue }
      #expect(result.pixels == expected.bytes(name), "\(name)")
      compared += 1
    }
    #expect(compared == 23 * 5 + 5)
  }

  @Test(.enabled(if: ImageFixtures.present, "needs ../shared/fixtures"))
  func normalizesAsTorchvision() throws {
    let expected = try ImageFixtures.tensors("normalized")
    let presets: [String: ChannelStatistics] = [
      "clip": .clip, "imagenet": .imagenet, "half": .half,
    ]
    var compared = 0
    for name in expected.names {
      let parts = name.split(separator: ".").map(String.init)
      let file = parts[0] + "." + parts[1]
      guard ImageFixtures.isRead(file), let statistics = presets[parts[2]] else { continue }
      let picture = try Picture.load(path: ImageFixtures.path("files/" + file))
      let preprocessing = ImagePreprocessing(size: 32, statistics: statistics)
      var tensor = [Float](repeating: 0, count: preprocessing.elementCount)
      preprocessing.write(picture, to: &tensor)
      let worst = zip(tensor, expected.floats(name)).map { abs($0 - $1) }.max()
      #expect(try #require(worst) <= 1e-6, "\(name)")
      compared += 1
    }
    #expect(compared >= 30)
  }

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

@Suite struct ImagesAugmentationTests {
  private let picture = Picture(
    width: 48, height: 40, pixels: gradientBytes(width: 48, height: 40))

  @Test func randomCropsStayInsideAndKeepTheirPromises() {
    let crop = RandomCrop(scale: 0.3...0.9)
    var stream = RandomStream(seed: 3, "crop")
    for _ in 0..<300 {
      let region = crop.draw(width: 200, height: 150, stream: &stream)
      #expect(region.left >= 0 && region.left + region.width <= 200)
      #expect(region.top >= 0 && region.top + region.height <= 150)
      let area = Double(region.width * region.height) / 30000
      #expect(area > 0.29 && area < 0.91)
      let ratio = Double(region.width) / Double(region.height)
      #expect(ratio > 0.73 && ratio < 1.36)
    }
  }

  @Test func impossibleCropFallsBackToTheMiddle() {
    var stream = RandomStream(seed: 3, "crop")
    let region = RandomCrop(scale: 1...1, ratio: 1...1).draw(width: 90, height: 30, stream: &stream)
    #expect(region == PixelRegion(left: 30, top: 0, width: 30, height: 30))
  }

  private func channel(_ picture: Picture, _ index: Int) -> [UInt8] {
    stride(from: index, to: picture.pixels.count, by: 3).map { picture.pixels[$0] }
  }

  @Test func flippingTwiceIsNothing() {
    #expect(picture.flipped() != picture)
    #expect(picture.flipped().flipped() == picture)
    #expect(Array(picture.flipped().pixels[0..<3]) == Array(picture.pixels[47 * 3..<48 * 3]))
  }

  @Test func factorOneChangesNothingAndZeroTakesAway() {
    var same = picture
    same.adjustBrightness(1)
    same.adjustContrast(1)
    same.adjustSaturation(1)
    #expect(same == picture)
    var dark = picture
    dark.adjustBrightness(0)
    #expect(dark.pixels.allSatisfy { $0 == 0 })
    var grey = picture
    grey.adjustSaturation(0)
    let (red, green, blue) = (channel(grey, 0), channel(grey, 1), channel(grey, 2))
    #expect(red == green && green == blue)
    var flat = picture
    flat.adjustContrast(0)
    #expect(Set(flat.pixels).count == 1)
  }

  @Test func theStreamAloneDecides() {
    let augmentation = ImageAugmentation()
    func apply(_ seed: UInt64) -> Picture {
      var stream = RandomStream(seed: seed, "augment", 4)
      return augmentation.apply(to: picture, size: 32, stream: &stream)
    }
    #expect(apply(1) == apply(1))
    #expect(apply(1) != apply(2))
    #expect(apply(1).width == 32 && apply(1).height == 32)
  }
}
