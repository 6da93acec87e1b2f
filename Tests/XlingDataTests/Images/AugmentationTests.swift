import Foundation
import Testing
import XlingCore
import XlingData
import XlingTestSupport

@Suite struct AugmentationTests {
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
