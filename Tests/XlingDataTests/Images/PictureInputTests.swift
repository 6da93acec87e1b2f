import Foundation
import Testing
import XlingCore
import XlingData
import XlingTestSupport

/// What is decided about pictures between a tower's folder, a command line and a run's record.
@Suite struct PictureInputTests {
  private let plain = PictureInput(ImagePreprocessing(size: 128))

  /// Protocols of stored results are told apart by these words.
  @Test func itsWords() {
    #expect(plain.description == "128x128 bicubic, half")
    var choices = PictureChoices()
    choices.shorterSide = 146
    choices.filter = .bilinear
    choices.statistics = .clip
    choices.orientation = .apply
    choices.truncated = .lilt
    #expect(
      choices.applied(to: plain).description
        == "128x128 bilinear, cut from a shorter side of 146, clip, EXIF applied, "
        + "truncated as lilt")
    #expect(PictureChoices().applied(to: plain) == plain)
  }

  @Test func aRecordGivesItBack() throws {
    var input = PictureInput(
      ImagePreprocessing(
        size: 224, resize: .shorterSide(256), crop: .down, filter: .lanczos,
        rescale: .factor(0.0039), statistics: .clip),
      reading: PictureReading(orientation: .apply, truncated: .lilt, pixelLimit: 9))
    func back() throws -> PictureInput {
      try JSONDecoder().decode(PictureInput.self, from: JSONEncoder().encode(input))
    }
    #expect(try back() == input)
    input.preprocessing.resize = .none
    #expect(try back() == input)
  }

  /// What a damaged record says would be read outside its arrays.
  @Test(arguments: [
    (#""mean":[0.5,0.5,0.5]"#, #""mean":[0.5,0.5]"#),
    (#""deviation":[0.5,0.5,0.5]"#, #""deviation":[0.5,0,0.5]"#),
    (#""size":128"#, #""size":0"#), (#""size":128"#, #""size":64"#),
    (#""filter":"bicubic""#, #""filter":"cubic""#),
  ])
  func aDamagedRecordIsRefused(good: String, bad: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = String(decoding: try encoder.encode(plain), as: UTF8.self)
    #expect(text.contains(good))
    let damaged = Data(text.replacingOccurrences(of: good, with: bad).utf8)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(PictureInput.self, from: damaged)
    }
  }

  private func file(_ json: String, in folder: TemporaryFolder) throws -> String {
    let path = folder.path + "/preprocessor_config.json"
    try AtomicFile.write(Data(json.utf8), to: path)
    return path
  }

  /// A tower of another size is refused, or, where a size is asked for, what is cut out grows along.
  @Test func theSizeIsTheTowers() throws {
    let folder = try TemporaryFolder()
    let path = try file(
      #"{"image_processor_type": "CLIPImageProcessor", "size": 256, "crop_size": 224}"#, in: folder)
    let choices = PictureChoices()
    let failure = #expect(throws: ImageFailure.self) {
      try choices.input(tower: folder.path, side: 112)
    }
    #expect(
      failure?.description
        == "\(path): \"crop_size\": expected 112, which the tower reads (--image-size 224 has it "
        + "read others), found 224. Mend that entry.")
    let chosen = try choices.input(tower: folder.path, side: 112, isChosen: true).preprocessing
    #expect(chosen.size == 112 && chosen.resize == .shorterSide(128) && chosen.crop == .down)
    _ = try file(#"{"size": 224}"#, in: folder)
    let square = try choices.input(tower: folder.path, side: 96, isChosen: true)
    #expect(square.preprocessing == ImagePreprocessing(size: 96, filter: .bilinear))
  }

  /// A factor of 1/255, rounded to single precision, gives the bits of a division by 255.
  @Test func aFactorOfOneInBytesIsADivision() throws {
    let values = (0..<256).flatMap { [UInt8($0), UInt8($0), UInt8($0)] }
    let picture = Picture(width: 16, height: 16, pixels: values)
    func written(_ rescale: ImagePreprocessing.Rescale) -> [UInt32] {
      let preprocessing = ImagePreprocessing(
        size: 16, resize: .none, rescale: rescale, statistics: .imagenet)
      var tensor = [Float](repeating: 0, count: preprocessing.elementCount)
      preprocessing.write(picture, to: &tensor)
      return tensor.map(\.bitPattern)
    }
    #expect(written(.factor(1 / 255)) == written(.byte))
  }
}
