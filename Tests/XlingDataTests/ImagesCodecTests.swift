import Foundation
import Testing
import XlingCore
import XlingData
import XlingTestSupport

@Suite struct ImagesCodecTests {
  @Test(.enabled(if: ImageFixtures.present, "needs ../shared/fixtures"))
  func decodesAsPillow() throws {
    let expected = try ImageFixtures.tensors("decoded")
    var compared = 0
    for name in expected.names where ImageFixtures.isRead(name) {
      let picture = try Picture.load(path: ImageFixtures.path("files/" + name))
      #expect([picture.height, picture.width, 3] == expected.shape(name), "\(name)")
      #expect(picture.pixels == expected.bytes(name), "\(name)")
      compared += 1
    }
    #expect(compared == 23)
  }

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

@Suite struct ImagesFailureTests {
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
      outcome(Data("<html>not found</html>".utf8))
        == .notAPicture(path: "a.jpg", begins: "'<html>not found<'"))
    #expect(
      outcome(Data(repeating: 0, count: 64))
        == .notAPicture(path: "a.jpg", begins: "00 00 00 00 00 00 00 00"))
    #expect(outcome(Data("GIF89a......".utf8)) == .unsupported(path: "a.jpg", kind: .gif))
  }

  @Test(
    .enabled(if: ImageFixtures.present, "needs ../shared/fixtures"),
    arguments: [
      ("truncated.jpg", "truncated"), ("truncated_header.jpg", "truncated"),
      ("truncated.png", "truncated"), ("missing_eoi.jpg", "truncated"), ("empty.jpg", "is empty"),
      ("text.jpg", "is not a picture"), ("html.png", "is not a picture"),
      ("nul_bytes.jpg", "is not a picture"), ("bad_idat_crc.png", "damaged"),
      ("bad_ihdr_crc.png", "damaged"), ("bad_idat_data.png", "damaged"),
      ("bomb_60000x60000.png", "60000 x 60000 pixels"),
      ("bomb_2147483647.png", "pixels; more than 178956970"),
      ("bomb_65500x65500.jpg", "65500 x 65500 pixels"), ("zero_width.png", "damaged"),
    ])
  func brokenFiles(file: String, says: String) throws {
    let path = ImageFixtures.path("broken/" + file)
    let failure = #expect(throws: ImageFailure.self) { try Picture.load(path: path) }
    #expect(try #require(failure).description.contains(says))
    #expect(try #require(failure).description.hasPrefix(path))
  }

  @Test(
    .enabled(if: ImageFixtures.present, "needs ../shared/fixtures"),
    arguments: ["trailing_garbage.jpg", "wrong_extension.jpg", "wrong_extension.png"])
  func sloppyFilesStillDecode(file: String) throws {
    let expected = try ImageFixtures.tensors("broken_decoded")
    let picture = try Picture.load(path: ImageFixtures.path("broken/" + file))
    #expect(picture.pixels == expected.bytes(file))
  }

  @Test func missingFile() {
    #expect(throws: FileFailure.self) { try Picture.load(path: "/nonexistent/a.jpg") }
  }
}
