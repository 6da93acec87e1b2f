import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

private let fontIsThere = FileManager.default.fileExists(
  atPath: ProcessInfo.processInfo.environment["XLING_EMOJI_FONT"] ?? EmojiFont.defaultPath)

@Suite(.enabled(if: fontIsThere, "needs fonts-noto-color-emoji"))
struct ComposerFontTests {
  @Test(arguments: ["🐈", "👩‍🚀", "🇹🇷", "❤️", "👍🏽", "👩‍👩‍👧‍👦"])
  func sequencesResolveToOneBitmap(sequence: String) throws {
    let glyph = try #require(try EmojiFont().glyph(for: sequence))
    #expect(glyph.width == 136 && glyph.height == 128)
    #expect(stride(from: 3, to: glyph.pixels.count, by: 4).contains { glyph.pixels[$0] == 255 })
  }

  @Test(arguments: ["", "🐈🍕", "AB", "\u{10FFFD}", "👩‍🍕"])
  func othersResolveToNone(sequence: String) throws {
    #expect(try EmojiFont().glyph(for: sequence) == nil)
  }

  @Test func joinedSequenceIsNotItsFirstMember() throws {
    let font = try EmojiFont()
    #expect(font.glyphIdentifier(for: "👩‍🚀") != font.glyphIdentifier(for: "👩"))
    #expect(font.glyphIdentifier(for: "❤️") == font.glyphIdentifier(for: "❤"))
  }
}

@Suite struct ComposerFontFailureTests {
  @Test func missingFontNamesThePackage() throws {
    let failure = #expect(throws: ImageFailure.self) { try EmojiFont(path: "/nonexistent.ttf") }
    #expect(try #require(failure).description.contains("fonts-noto-color-emoji"))
    #expect(try #require(failure).exitStatus == .missingInput)
  }

  @Test func whatIsNoFontIsRefused() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("no font", to: folder.path + "/a.ttf")
    let failure = #expect(throws: ImageFailure.self) {
      try EmojiFont(path: folder.path + "/a.ttf")
    }
    #expect(try #require(failure).description.contains("it is not a font"))
  }
}

/// A disc on transparent ground, left half red, right half blue.
private func disc() -> EmojiSprite {
  var pixels = [UInt8](repeating: 0, count: 136 * 128 * 4)
  for y in 0..<128 {
    for x in 0..<136 where (x - 68) * (x - 68) + (y - 64) * (y - 64) < 60 * 60 {
      let at = (y * 136 + x) * 4
      pixels[at + (x < 68 ? 0 : 2)] = 255
      pixels[at + 3] = 255
    }
  }
  return EmojiSprite(RGBAPicture(width: 136, height: 128, pixels: pixels))
}

private let grey = Background(
  first: .init(red: 128, green: 128, blue: 128), second: .init(red: 128, green: 128, blue: 128),
  pattern: .solid)

@Suite struct ComposerTests {
  private let sprite = disc()

  private func scene(_ seed: UInt64) -> Picture {
    var stream = RandomStream(seed: seed, "scene")
    let spots = SceneLayout.draw(count: 3, canvas: 64, stream: &stream)
    let background = Background.draw(canvas: 64, stream: &stream)
    return SceneComposer.compose(
      width: 64, height: 64, background: background,
      placements: spots.map { Placement(sprite: sprite, spot: $0) })
  }

  @Test func sameSeedSameBytes() {
    #expect(scene(1) == scene(1))
    #expect(scene(1) != scene(2))
  }

  private func pixel(_ picture: Picture, _ x: Int, _ y: Int) -> [UInt8] {
    Array(picture.pixels[(y * picture.width + x) * 3..<(y * picture.width + x) * 3 + 3])
  }

  private func single(rotation: Double = 0, flipped: Bool = false, size: Double = 60) -> Picture {
    SceneComposer.compose(
      width: 128, height: 128, background: grey,
      placements: [
        Placement(
          sprite: sprite, centerX: 64, centerY: 64, size: size, rotation: rotation,
          flipped: flipped)
      ])
  }

  @Test func placesTurnsAndMirrors() {
    let upright = single()
    #expect(pixel(upright, 50, 64) == [255, 0, 0])
    #expect(pixel(upright, 78, 64) == [0, 0, 255])
    #expect(pixel(upright, 5, 5) == [128, 128, 128])
    #expect(pixel(single(flipped: true), 50, 64) == [0, 0, 255])
    // A quarter turn clockwise brings the left side up.
    let turned = single(rotation: .pi / 2)
    #expect(pixel(turned, 64, 50) == [255, 0, 0])
    #expect(pixel(turned, 64, 78) == [0, 0, 255])
  }

  /// The disc's radius is 60 of 136: what is covered must be its area at every size.
  @Test(arguments: [30.0, 40, 47.5, 60, 72, 100, 120])
  func coversTheRightArea(size: Double) {
    let picture = single(size: size)
    // Red + blue is 255 on the disc and 256 on the ground; green is 0 and 128.
    let covered = stride(from: 1, to: picture.pixels.count, by: 3)
      .reduce(0.0) { $0 + 1 - Double(picture.pixels[$1]) / 128 }
    let radius = 60 * size / 136
    #expect(abs(covered / (.pi * radius * radius) - 1) < 0.02)
  }

  @Test func cutsAtTheBorderWithoutTouchingOthers() {
    let picture = SceneComposer.compose(
      width: 32, height: 20, background: grey,
      placements: [Placement(sprite: sprite, centerX: 0, centerY: 0, size: 20)])
    #expect(pixel(picture, 0, 0) == [0, 0, 255])
    #expect(pixel(picture, 31, 19) == [128, 128, 128])
  }

  @Test func patchesAreThoseUnderTheDisc() {
    let placement = Placement(sprite: sprite, centerX: 24, centerY: 24, size: 20)
    let touched = SceneComposer.patchesTouched([placement], width: 64, height: 64)
    #expect(touched.count == 16)
    #expect(touched.indices.filter { touched[$0] } == [5])
  }

  @Test(arguments: 1...4)
  func layoutsFit(count: Int) {
    for seed in 0..<200 {
      var stream = RandomStream(seed: UInt64(seed), "layout", count)
      let spots = SceneLayout.draw(count: count, canvas: 128, stream: &stream)
      #expect(spots.count == count)
      for (index, spot) in spots.enumerated() {
        let reach = SceneLayout.extent(size: spot.size, rotation: spot.rotation)
        #expect(spot.centerX - reach.x > -1e-9 && spot.centerX + reach.x < 128 + 1e-9)
        #expect(spot.centerY - reach.y > -1e-9 && spot.centerY + reach.y < 128 + 1e-9)
        #expect(spot.size > 30 && spot.size <= 72)
        #expect(abs(spot.rotation) <= SceneLayout.largestRotation)
        #expect(spots[..<index].allSatisfy { SceneLayout.apart($0, spot) })
      }
    }
  }

  @Test func hexconeCorners() {
    #expect(
      Background.color(hue: 0, saturation: 1, value: 1) == .init(red: 255, green: 0, blue: 0))
    #expect(
      Background.color(hue: 1 / 3, saturation: 1, value: 1) == .init(red: 0, green: 255, blue: 0))
    #expect(
      Background.color(hue: -1 / 3, saturation: 1, value: 1) == .init(red: 0, green: 0, blue: 255))
  }

  @Test func backgroundsVary() {
    var stream = RandomStream(seed: 5, "background")
    let drawn = (0..<60).map { _ in Background.draw(stream: &stream) }
    let kinds = Set(drawn.map { String("\($0.pattern)".prefix(5)) })
    #expect(kinds.count == 5)
    let flat = drawn.filter { $0.pattern != .solid }.filter { background in
      let picture = SceneComposer.compose(
        width: 64, height: 64, background: background, placements: [])
      return picture.pixels.chunkedTriples().count < 2
    }
    #expect(flat.isEmpty)
  }
}

extension [UInt8] {
  fileprivate func chunkedTriples() -> Set<[UInt8]> {
    Set(stride(from: 0, to: count, by: 3).map { Array(self[$0..<$0 + 3]) })
  }
}
