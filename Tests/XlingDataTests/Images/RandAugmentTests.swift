import Foundation
import Testing
import XlingCore
import XlingData
import XlingTestSupport

@Suite struct RandAugmentParityTests {
  /// `OPERATION.VALUE` of the input picture, by OpenCV 4.5.5.
  @Test func warpsAndSharpensAsOpenCV() throws {
    let expected = try ReferenceTensors(Fixtures.path("parity/images/augmented.safetensors"))
    let input = try #require(expected.picture("input"))
    var compared = 0
    for name in expected.names where name != "input" {
      let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
      let operation = try #require(RandAugment.Operation(rawValue: parts[0]))
      let made = input.augmented(
        operation, try #require(Double(parts[1])), arithmetic: .lilt)
      #expect(made == expected.picture(name), "\(name)")
      compared += 1
    }
    #expect(compared == 12)
  }

  private static let shared =
    ProcessInfo.processInfo.environment["XLING_PARITY_FIXTURES"].map { $0 + "/images" }
    ?? SharedData.path("fixtures/parity/images")
  private static let present = FileManager.default.fileExists(
    atPath: shared + "/randaugment.safetensors")

  /// `OPERATION[.SIGN]` of `input` and `OPERATION.WHICH` of `input_WHICH`, arguments in the JSON.
  @Test(.enabled(if: present, "needs ../shared/fixtures or XLING_PARITY_FIXTURES"))
  func operationsAsLilT() throws {
    let expected = try ReferenceTensors(Self.shared + "/randaugment.safetensors")
    let data = try Data(contentsOf: URL(fileURLWithPath: Self.shared + "/randaugment.json"))
    let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    let records = try #require(object?["ops"] as? [String: Any])
    for name in expected.names where !name.hasPrefix("input") {
      let parts = name.split(separator: ".").map(String.init)
      let operation = try #require(RandAugment.Operation(rawValue: parts[0]))
      let record = (records[name] ?? records[parts[0]]) as? [String: Any]
      let strength = (record?["arguments"] as? [Any])?.first as? Double ?? 0
      let other = parts.count > 1 ? expected.picture("input_" + parts[1]) : nil
      let input = try #require(other ?? expected.picture("input"))
      let made = input.augmented(operation, strength, arithmetic: .lilt)
      #expect(made == expected.picture(name), "\(name)")
    }
  }
}

@Suite struct RandAugmentTests {
  private let picture = Picture(
    width: 30, height: 20, pixels: gradientBytes(width: 30, height: 20))

  @Test func theStreamAloneDecides() {
    func apply(_ seed: UInt64) -> Picture {
      var stream = RandomStream(seed: seed, "augment", 1)
      return RandAugment(count: 4).apply(to: picture, stream: &stream)
    }
    #expect(apply(3) == apply(3))
    #expect(Set((0..<8).map { apply($0).pixels }).count > 2)
  }

  /// Half of the draws do nothing, and a direction has either sign.
  @Test func halfOfTheOperationsAreAppliedInEitherDirection() {
    let left = picture.augmented(.translateX, -7)
    let right = picture.augmented(.translateX, 7)
    var counts: [String: Int] = [:]
    for index in 0..<400 {
      var stream = RandomStream(seed: 1, "draws", index)
      let made = RandAugment(operations: [.translateX], count: 1).apply(
        to: picture, stream: &stream)
      let kind =
        made == picture ? "none" : made == left ? "left" : made == right ? "right" : "other"
      counts[kind, default: 0] += 1
    }
    #expect(counts["other"] == nil)
    #expect(abs((counts["none"] ?? 0) - 200) < 50)
    #expect(abs((counts["left"] ?? 0) - 100) < 40)
  }

  @Test func whatComesFromOutsideIsGrey() {
    let moved = picture.augmented(.translateY, -5)
    #expect(moved.pixels[0..<5 * 90].allSatisfy { $0 == 128 })
    #expect(Array(moved.pixels[(5 * 90)...]) == Array(picture.pixels[..<(15 * 90)]))
  }

  /// 10, 60, 110 to 0, 127.5, 255; LilT adds 246 instead of subtracting 10.
  @Test func automaticContrastByHand() {
    let greys = Picture(width: 3, height: 1, pixels: [10, 10, 10, 60, 60, 60, 110, 110, 110])
    #expect(greys.augmented(.autoContrast).pixels == [0, 0, 0, 127, 127, 127, 255, 255, 255])
    let lilt = greys.augmented(.autoContrast, arithmetic: .lilt)
    #expect(lilt.pixels.allSatisfy { $0 == 255 })
  }

  /// A white pixel among eight black ones: mean 5/13 of 255, rounded 98; 98 + 1.9 (255 - 98).
  @Test func sharpeningByHand() {
    var spot = Picture(width: 3, height: 3)
    for index in 12..<15 { spot.pixels[index] = 255 }
    #expect(spot.augmented(.sharpness, 1.9).pixels[12] == 255)
    #expect(spot.augmented(.sharpness, 1.9, arithmetic: .lilt).pixels[12] == 396 - 256)
    #expect(spot.augmented(.sharpness, 0.5).pixels[12] == 176)
  }

  @Test func nothingToStretchOrEqualizeChangesNothing() {
    let flat = Picture(width: 9, height: 8, red: 7, green: 200, blue: 0)
    #expect(flat.augmented(.autoContrast) == flat)
    #expect(flat.augmented(.equalize) == flat)
  }
}
