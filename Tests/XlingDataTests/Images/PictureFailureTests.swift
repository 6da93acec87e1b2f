import Foundation
import Testing
import XlingCore
import XlingData
import XlingTestSupport

@Suite struct PictureCodecTests {
  @Test func pngKeepsEveryByte() throws {
    let picture = Picture(width: 33, height: 17, pixels: gradientBytes(width: 33, height: 17))
    let file = try picture.png()
    #expect(try Picture.decode(file, name: "memory") == picture)
    #expect(try picture.png() == file)
  }

  @Test func alphaIsDroppedNotComposited() throws {
    let clear = RGBAPicture(width: 1, height: 1, pixels: [10, 20, 30, 0])
    #expect(try Picture.decode(clear.png(), name: "memory").pixels == [10, 20, 30])
  }

  @Test(arguments: [ChromaSubsampling.none, .half])
  func jpegIsDeterministicAndNear(chroma: ChromaSubsampling) throws {
    let picture = Picture(width: 40, height: 40, red: 200, green: 90, blue: 30)
    let file = try picture.jpeg(chroma: chroma)
    #expect(try picture.jpeg(chroma: chroma) == file)
    let back = try Picture.decode(file, name: "memory")
    let worst = zip(back.pixels, picture.pixels).map { abs(Int($0) - Int($1)) }.max()
    #expect(try #require(worst) <= 3)
  }

  @Test func chromaSubsamplingIsWhatWasAsked() throws {
    let picture = Picture(width: 32, height: 32, pixels: gradientBytes(width: 32, height: 32))
    #expect(try picture.jpeg(chroma: .none).count > picture.jpeg(chroma: .half).count)
  }
}

@Suite struct PictureFailureTests {
  private func outcome(_ data: Data) -> ImageFailure? {
    do throws(ImageFailure) {
      _ = try Picture.decode(data, name: "a.jpg")
      return nil
    } catch {
      return error
    }
  }

  @Test func truncatedJPEGSaysSo() throws {
    let whole = try Picture(width: 64, height: 64, pixels: gradientBytes(width: 64, height: 64))
      .jpeg()
    let failure = try #require(outcome(whole.prefix(whole.count / 2)))
    #expect(failure.exitStatus == .badData)
    #expect(
      failure.description
        == "a.jpg is a truncated JPEG picture: the data end before the end marker. Fetch it again.")
  }

  @Test func everyPrefixOfAPictureFails() throws {
    let picture = Picture(width: 8, height: 8, pixels: gradientBytes(width: 8, height: 8))
    for whole in [try picture.jpeg(), try picture.png()] {
      for count in 0..<whole.count {
        #expect(outcome(whole.prefix(count)) != nil, "\(count) of \(whole.count) bytes")
      }
    }
  }

  @Test func truncatedPNGSaysSo() throws {
    let whole = try Picture(width: 9, height: 9, red: 1).png()
    #expect(
      outcome(whole.dropLast(20))
        == .truncated(path: "a.jpg", kind: .png, reason: "the data end before the end chunk"))
  }

  @Test func othersAreNamed() {
    #expect(outcome(Data()) == .empty(path: "a.jpg"))
    #expect(
      outcome(Data("<html>not found</html>".utf8)) == .foreign(path: "a.jpg", found: .html))
    #expect(
      outcome(Data(repeating: 0, count: 64))
        == .notAPicture(path: "a.jpg", begins: "00 00 00 00 00 00 00 00"))
    #expect(outcome(Data("GIF89a......".utf8)) == .unsupported(path: "a.jpg", kind: .gif))
  }

  @Test func aLimitIsKeptBeforeAnythingIsAllocated() throws {
    let data = try Picture(width: 40, height: 30).jpeg()
    let failure = #expect(throws: ImageFailure.self) {
      try Picture.decode(data, name: "a.jpg", reading: PictureReading(pixelLimit: 1199))
    }
    #expect(failure == .tooLarge(path: "a.jpg", width: 40, height: 30, limit: 1199))
    #expect(
      try Picture.decode(data, name: "a.jpg", reading: PictureReading(pixelLimit: 1200)).width == 40
    )
  }

  @Test func damageThatWasLetPassIsTold() throws {
    let whole = try Picture(width: 64, height: 64, pixels: gradientBytes(width: 64, height: 64))
      .jpeg()
    let lilt = PictureReading(truncated: .lilt)
    #expect(try lilt.decode(whole, name: "a.jpg").damage == nil)
    let half = try lilt.decode(whole.prefix(whole.count / 2), name: "a.jpg")
    #expect(half.damage == "the data end before the end marker")
    #expect(half.kind == .jpeg)
  }

  /// Bytes changed at random: whatever comes of it, it is a picture or an ImageFailure.
  @Test func mutatedFilesNeverCrash() throws {
    let picture = Picture(width: 24, height: 24, pixels: gradientBytes(width: 24, height: 24))
    let folder = Fixtures.path("parity/images/files")
    var files = [try picture.jpeg(), try picture.png()]
    for name in ["lossless_alpha.webp", "progressive.jpg", "exif_6.png", "exif_8.webp"] {
      files.append(try AtomicFile.read(folder + "/" + name))
    }
    var stream = RandomStream(seed: 9, "mutations")
    var outcomes: [Bool: Int] = [:]
    for _ in 0..<300 {
      for file in files {
        var mutated = file
        for _ in 0..<1 + stream.index(4) {
          mutated[stream.index(mutated.count)] = UInt8(stream.index(256))
        }
        for truncated in PictureReading.Truncated.allCases {
          let reading = PictureReading(
            orientation: .apply, truncated: truncated, pixelLimit: 1_000_000)
          let found = try? reading.decode(mutated, name: "mutated").picture
          outcomes[found != nil, default: 0] += 1
          if let found { #expect(found.pixels.count == found.width * found.height * 3) }
        }
      }
    }
    #expect(outcomes.count == 2)
  }

  @Test func missingFile() {
    #expect(throws: FileFailure.self) { try Picture.load(path: "/nonexistent/a.jpg") }
  }
}
