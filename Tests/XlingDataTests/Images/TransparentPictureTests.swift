import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

/// PNG files of Pillow 12, and what its `convert("RGBA")` makes of them.
@Suite("transparent pictures")
struct TransparentPictureTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func load(_ file: Data) throws -> RGBAPicture {
    try AtomicFile.write(file, to: folder.path + "/p.png")
    return try RGBAPicture.load(png: folder.path + "/p.png")
  }

  private static let kinds: [(file: String, pixels: [UInt8])] = [
    // Two bits of palette, whose entries have alphas.
    (
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAgMAAABmjvwnAAAACVBMVEX/AAAA/wAAAP8tSs2KAAAAA3RSTlMAgP/s97MYAAAA"
        + "CklEQVR4nGOQAAAAGgAZLYj0NgAAAABJRU5ErkJggg==",
      [255, 0, 0, 0, 0, 255, 0, 128, 0, 0, 255, 255]
    ),
    // Grey and alpha.
    (
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAQAAABeK7cBAAAADUlEQVR4nGPgEjnxHwAC+AHmXJDsqwAAAABJRU5ErkJggg==",
      [10, 10, 10, 20, 200, 200, 200, 255]
    ),
    // Grey.
    (
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAC0lEQVR4nGNg/wUAAQsBAsdd+yMAAAAASUVORK5CYII=",
      [7, 7, 7, 255, 250, 250, 250, 255]
    ),
    // One colour stands for nothing.
    (
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAABnRSTlMABAAFAAZ0jsaPAAAAD0lEQVR4nGNkZGJmZmYGAAA8"
        + "ABHVfkbmAAAAAElFTkSuQmCC",
      [1, 2, 3, 255, 4, 5, 6, 0]
    ),
    // One bit.
    (
      "iVBORw0KGgoAAAANSUhEUgAAAAkAAAABAQAAAAAkubnQAAAAC0lEQVR4nGMM1QYAANsAgmzWup8AAAAASUVORK5CYII=",
      [0, 255, 0, 255, 0, 255, 0, 255, 255].flatMap { [$0, $0, $0, 255] }
    ),
  ]

  @Test(arguments: kinds.indices)
  func equalsPillow(_ index: Int) throws {
    let kind = Self.kinds[index]
    let picture = try load(try #require(Data(base64Encoded: kind.file)))
    #expect(picture.pixels == kind.pixels && picture.width == kind.pixels.count / 4)
  }

  @Test func whatWasEncodedIsRead() throws {
    let pixels = (0..<5 * 7 * 4).map { UInt8($0 * 11 % 256) }
    let picture = RGBAPicture(width: 5, height: 7, pixels: pixels)
    #expect(try load(try picture.png()) == picture)
    let white = RGBAPicture(
      width: 3, height: 1, pixels: [9, 8, 7, 255, 9, 8, 7, 0, 0, 100, 255, 128]
    ).onWhite()
    #expect(white.pixels == [9, 8, 7, 255, 255, 255, 127, 177, 255])
  }

  @Test func badFilesAreNamed() throws {
    let good = try RGBAPicture(width: 2, height: 2, pixels: [UInt8](repeating: 9, count: 16)).png()
    #expect(throws: ImageFailure.self) { try load(good.dropLast(20)) }
    #expect(throws: ImageFailure.empty(path: folder.path + "/p.png")) { try load(Data()) }
    let jpeg = try Picture(width: 2, height: 2).jpeg()
    #expect(throws: ImageFailure.unsupported(path: folder.path + "/p.png", kind: .jpeg)) {
      try load(jpeg)
    }
    var wide = good
    wide.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
    #expect(throws: ImageFailure.self) { try load(wide) }
  }
}
