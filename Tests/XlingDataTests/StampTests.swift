import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

@Suite("stamps")
struct StampTests {
  let folder: TemporaryFolder
  var stamps: String { folder.path + "/stamps" }

  /// Two drawings, one of them half transparent, and one that is a vector drawing only.
  init() throws {
    folder = try TemporaryFolder()
    try AtomicFile.createFolder(stamps + "/food/fruit")
    try AtomicFile.createFolder(stamps + "/town")
    try write(
      "food/fruit/apple", width: 40, height: 20, alpha: 255,
      "A red apple.\naf.utf8='n Rooi appel.\nca@valencia.utf8=Una poma \nen_GB.utf8=A red apple.\n"
        + "nb.utf8=Et eple.\nzh_TW.utf8=紅蘋果。\npt_BR.utf8=1 = uma maçã\n")
    try write("town/house", width: 8, height: 30, alpha: 0, "A house.\r\ntr.utf8=Bir ev.\r\n\r\n")
    try AtomicFile.write("<svg/>", to: stamps + "/town/mill.svg")
    try AtomicFile.write("A mill.\n", to: stamps + "/town/mill.txt")
    try AtomicFile.write("sound", to: stamps + "/town/house.ogg")
  }

  private func write(
    _ name: String, width: Int, height: Int, alpha: UInt8, _ captions: String
  ) throws {
    let pixels = (0..<width * height * 4).map { [200, 0, 0, alpha][$0 % 4] }
    let picture = RGBAPicture(width: width, height: height, pixels: pixels)
    try AtomicFile.write(try picture.png(), to: "\(stamps)/\(name).png")
    try AtomicFile.write(captions, to: "\(stamps)/\(name).txt")
  }

  private func build(_ name: String = "built") throws -> DatasetSummary {
    try DatasetBuilder.stamps(
      into: folder.path + "/" + name, source: try StampFolder(path: stamps))
  }

  @Test func aStampIsAPictureWithACaptionALanguage() throws {
    let summary = try build()
    #expect(summary.isNew && summary.leftOut == 1)
    #expect(summary.pictures.values.reduce(0, +) == 2)
    let data = try Dataset.load(folder.path + "/built")
    #expect(data.items.map(\.image) == ["food_fruit_apple.jpg", "town_house.jpg"])
    #expect(
      data.items[0].captions == [
        "en": ["A red apple."], "af": ["'n Rooi appel."], "ca-valencia": ["Una poma"],
        "no": ["Et eple."], "zh-Hant": ["紅蘋果。"], "pt-BR": ["1 = uma maçã"],
      ])
    #expect(data.items[1].captions == ["en": ["A house."], "tr": ["Bir ev."]])
    #expect(data.items.allSatisfy { StampPictures.split($0.captions["en"]![0]) == $0.split })
  }

  @Test func transparencyIsWhiteAndSidesAreToScale() throws {
    _ = try build()
    let data = try Dataset.load(folder.path + "/built")
    let apple = try Picture.load(path: data.path(of: data.items[0]))
    #expect(apple.width == 224 && apple.height == 224)
    func red(_ x: Int, _ y: Int) -> Bool {
      let pixel = apple.pixels[(y * 224 + x) * 3..<(y * 224 + x) * 3 + 3]
      return pixel.first! > 150 && pixel.dropFirst().allSatisfy { $0 < 60 }
    }
    func white(_ picture: Picture, _ x: Int, _ y: Int) -> Bool {
      picture.pixels[(y * 224 + x) * 3..<(y * 224 + x) * 3 + 3].allSatisfy { $0 > 240 }
    }
    // 40 x 20 becomes 202 x 101, in the middle.
    #expect(red(112, 112) && red(16, 112) && red(207, 112) && red(112, 66) && red(112, 157))
    #expect(white(apple, 4, 112) && white(apple, 112, 50) && white(apple, 112, 174))
    let house = try Picture.load(path: data.path(of: data.items[1]))
    #expect(house.pixels.allSatisfy { $0 == 255 })
  }

  @Test func theSameStampsGiveTheSameBytes() throws {
    _ = try build()
    #expect(try !build().isNew)
    _ = try build("again")
    let hash = try Dataset.load(folder.path + "/built").contentHash
    #expect(try Dataset.load(folder.path + "/again").contentHash == hash)
    try AtomicFile.write("An apple.\n", to: stamps + "/food/fruit/apple.txt")
    #expect(throws: DataFailure.self) { try build() }
  }

  @Test func badCaptionsAreNamed() throws {
    func fails(_ text: String, _ line: Int, _ expected: String, _ found: String) throws {
      let path = stamps + "/town/house.txt"
      try AtomicFile.write(text, to: path)
      #expect(
        throws: DataFailure.badLine(path: path, line: line, expected: expected, found: found)
      ) { try StampCaptions.read(path) }
    }
    try fails("", 1, "the English caption", "an empty file")
    try fails(" \ntr.utf8=ev\n", 1, "the English caption", "\" \"")
    try fails("A house.\nBir ev.\n", 2, "LOCALE.utf8=caption", "\"Bir ev.\"")
    try fails("A house.\ntr.utf8= \n", 2, "a caption after \"=\"", "\"tr.utf8= \"")
    try fails("A house.\ntr.utf8=ev\ntr.utf8=ev\n", 3, "one line a language", "\"tr.utf8=ev\"")
    #expect(throws: DataFailure.self) { try build() }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/built"))
  }

  @Test func withoutThePackageItIsNamed() throws {
    let gone = folder.path + "/gone"
    let error = #expect(throws: DataFailure.missingStamps(path: gone)) {
      try StampFolder(environment: ["XLING_STAMPS": gone])
    }
    #expect(error?.exitStatus == .missingInput)
    #expect(error?.description.contains("apt install tuxpaint-stamps-default") == true)
    try AtomicFile.createFolder(gone)
    #expect(throws: DataFailure.self) { try StampFolder(path: gone) }
  }

  /// 785 stamps of version 2022.06.04 have a PNG picture, 165 none.
  @Test(.enabled(if: (try? StampFolder()) != nil, "needs tuxpaint-stamps-default"))
  func debiansStamps() throws {
    let summary = try DatasetBuilder.stamps(into: folder.path + "/debian")
    #expect(summary.pictures.values.reduce(0, +) >= 785 && summary.languages.count >= 76)
  }
}
