import Foundation
import Testing
import XlingCore
import XlingData

@Suite struct PreprocessorConfigurationTests {
  private func parsed(_ json: String) throws -> ImagePreprocessing {
    try #require(try DeclaredPictures(Data(json.utf8), path: "p.json")).preprocessing
  }

  @Test func whatIsLeftOutIsTheDefaultOfTheProcessorNamed() throws {
    #expect(
      try parsed("{}")
        == ImagePreprocessing(
          size: 224, resize: .square(224), crop: nil, filter: .bilinear))
    #expect(
      try parsed(#"{"image_processor_type": "CLIPImageProcessorFast"}"#)
        == ImagePreprocessing(
          size: 224, resize: .shorterSide(224), crop: .down, statistics: .clip))
    #expect(
      try parsed(#"{"feature_extractor_type": "DeiTFeatureExtractor", "size": 300}"#)
        == ImagePreprocessing(size: 224, resize: .square(300), crop: .down))
  }

  @Test func nullMeansTheDefault() throws {
    #expect(try parsed(#"{"size": null, "crop_pct": null}"#) == parsed("{}"))
  }

  /// The ViT of torchvision and the one of Hugging Face differ by rounding only.
  @Test func halfIsHalf() throws {
    let picture = Picture(width: 9, height: 9, pixels: gradientBytes(width: 9, height: 9))
    let theirs = try parsed(#"{"size": 7, "resample": 3}"#)
    let ours = ImagePreprocessing(size: 7)
    var (a, b) = ([Float](repeating: 0, count: 147), [Float](repeating: 9, count: 147))
    theirs.write(picture, to: &a)
    ours.write(picture, to: &b)
    #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 2e-7 })
  }

  @Test(arguments: [
    ("[]", #""(file)": expected one JSON object, found something else"#),
    (#"{"sise": 3}"#, #""sise": expected no such key, found 3"#),
    (#"{"do_pad": true}"#, #""do_pad": expected false, found true"#),
    (#"{"resample": 6}"#, #""resample": expected 0 to 5, found 6"#),
    (#"{"do_resize": 1}"#, #""do_resize": expected true or false, found 1"#),
    (#"{"image_mean": [0.5, 0.5]}"#, #""image_mean": expected three numbers, found [0.5, 0.5]"#),
    (#"{"image_std": [1, 0, 1]}"#, #""image_std": expected numbers above 0, found [1, 0, 1]"#),
    (#"{"rescale_factor": "1"}"#, #""rescale_factor": expected a number, found "1""#),
    (
      #"{"image_processor_type": "DonutImageProcessor"}"#,
      #""image_processor_type": expected the image processor of one of ViT, DeiT, CLIP, Bit, Siglip, "#
        + #"DINOv3ViT, Beit, found "DonutImageProcessor""#
    ),
    (
      #"{"size": {"height": 3, "width": 4}}"#,
      #""size": expected a number, an equal height and width, or a shortest_edge, found "#
        + "{height, width}"
    ),
    (
      #"{"size": {"shortest_edge": 40}}"#,
      #""do_center_crop": expected true where size is no square: pictures must come out alike, "#
        + "found nothing"
    ),
    (
      #"{"do_center_crop": true, "crop_size": 0}"#,
      #""crop_size": expected a number, or an equal height and width, found 0"#
    ),
  ])
  func whatIsNotDoneHereIsRefused(json: String, says: String) {
    let failure = #expect(throws: ImageFailure.self) { try parsed(json) }
    #expect(failure?.description == "p.json: \(says). Mend that entry.")
    #expect(failure?.exitStatus == .badData)
  }

  @Test func aMissingFileIsMissing() {
    #expect(throws: FileFailure.self) {
      try DeclaredPictures(file: "/nonexistent/preprocessor_config.json")
    }
  }
}
