import Foundation
import Testing
import XlingCore
import XlingData
import XlingTestSupport

/// Pixels equal to Pillow's, from the file to the tensor.
@Suite struct PictureParityTests {
  @Test(arguments: PictureSet.all)
  func decodesAsPillow(_ set: PictureSet) throws {
    let expected = try set.tensors("decoded")
    var compared = 0
    for name in expected.names {
      let (file, recipe) = PictureSet.split(name)
      guard !PictureSet.isRefusedByKind(file) else { continue }
      let reading = PictureReading(orientation: recipe == "exif_transposed" ? .apply : .ignore)
      let picture = try Picture.load(path: set.path("files/" + file), reading: reading)
      #expect([picture.height, picture.width, 3] == expected.shape(name), "\(name)")
      #expect(picture.pixels == expected.bytes(name), "\(name)")
      compared += 1
    }
    #expect(compared > 20)
  }

  @Test(arguments: PictureSet.all)
  func otherKindsAreRefusedByName(_ set: PictureSet) throws {
    for (file, kind) in [("still.gif", "GIF"), ("animation.gif", "GIF"), ("rgb.bmp", "BMP")] {
      let path = set.path("files/" + file)
      guard FileManager.default.fileExists(atPath: path) else { continue }
      let failure = #expect(throws: ImageFailure.self) { try Picture.load(path: path) }
      #expect(
        failure?.description
          == "\(path) is a \(kind) picture; only JPEG, PNG or WebP are read. Convert it.")
    }
  }

  /// `FILE.FILTER_WxH`, `FILE.FILTER_shorterS_cropC`, `FILE.resized_crop_TOP_LEFT_H_W_FILTER_S`.
  private func resized(_ picture: Picture, as recipe: String) throws -> Picture {
    let words = recipe.split(separator: "_").map(String.init)
    if words[0] == "resized" {
      let n = words[2..<6].compactMap { Int($0) }
      let side = try #require(Int(words[7]))
      return picture.resized(
        width: side, height: side, filter: try #require(ResampleFilter(rawValue: words[6])),
        region: PixelRegion(left: n[1], top: n[0], width: n[3], height: n[2]))
    }
    let filter = try #require(ResampleFilter(rawValue: words[0]))
    if words[1].hasPrefix("shorter") {
      let shorter = try #require(Int(words[1].dropFirst(7)))
      let crop = try #require(Int(words[2].dropFirst(4)))
      return ImagePreprocessing(size: crop, resize: .shorterSide(shorter), filter: filter)
        .prepared(picture)
    }
    let sides = words[1].split(separator: "x").compactMap { Int($0) }
    return picture.resized(width: sides[0], height: sides[1], filter: filter)
  }

  @Test(arguments: PictureSet.all)
  func resizesAsPillow(_ set: PictureSet) throws {
    let expected = try set.tensors("resized")
    var compared = 0
    for name in expected.names {
      let (file, recipe) = PictureSet.split(name)
      guard !PictureSet.isRefusedByKind(file) else { continue }
      let picture = try Picture.load(path: set.path("files/" + file))
      #expect(try resized(picture, as: recipe).pixels == expected.bytes(name), "\(name)")
      compared += 1
    }
    #expect(compared > 90)
  }

  /// Pillow 13 runs the vertical pass first where that is the shorter way, and differs in nothing
  /// else: turned over its diagonal, a picture gives its bits. Ours keeps the order of Pillow 3.3 to
  /// 12.1, so none of these is the same.
  @Test(arguments: PictureSet.all.filter { $0.has("resized_pillow13.safetensors") })
  func pillow13DiffersByTheOrderOfThePassesAlone(_ set: PictureSet) throws {
    let expected = try set.tensors("resized_pillow13")
    #expect(expected.names.count == 7)
    for name in expected.names {
      let (file, recipe) = PictureSet.split(name)
      let picture = try Picture.load(path: set.path("files/" + file))
      let turned = try resized(picture.transposed, as: Self.transposed(recipe))
      #expect(turned.transposed.pixels == expected.bytes(name), "\(name)")
      #expect(try resized(picture, as: recipe).pixels != expected.bytes(name), "\(name)")
    }
  }

  /// `resized_crop_TOP_LEFT_H_W_…` with its axes exchanged; the others' results are square.
  private static func transposed(_ recipe: String) -> String {
    var words = recipe.split(separator: "_").map(String.init)
    guard words[0] == "resized" else { return recipe }
    words.swapAt(2, 3)
    words.swapAt(4, 5)
    return words.joined(separator: "_")
  }

  private func preprocessing(_ name: String, _ set: PictureSet, side: Int) throws
    -> ImagePreprocessing?
  {
    switch name {
    case "clip": return ImagePreprocessing(size: side, statistics: .clip)
    case "imagenet": return ImagePreprocessing(size: side, statistics: .imagenet)
    case "half": return ImagePreprocessing(size: side, statistics: .half)
    case "hf_vit_pil": return ImagePreprocessing(size: side, filter: .bilinear)
    // Up to a grey level off, as documented.
    case "hf_vit_torchvision": return nil
    default:
      let configuration = try set.record("preprocessors")[String(name.dropFirst(13))]
      let data = try JSONSerialization.data(withJSONObject: try #require(configuration))
      return try #require(try DeclaredPictures(data, path: name)).preprocessing
    }
  }

  @Test(arguments: PictureSet.all)
  func normalizesAsTorchvisionAndTransformers(_ set: PictureSet) throws {
    let expected = try set.tensors("normalized")
    var compared = 0
    for name in expected.names {
      let (file, recipe) = PictureSet.split(name)
      let shape = expected.shape(name)
      guard !PictureSet.isRefusedByKind(file),
        let preprocessing = try preprocessing(recipe, set, side: shape[1])
      else { continue }
      let picture = try Picture.load(path: set.path("files/" + file))
      #expect(shape == [3, preprocessing.size, preprocessing.size], "\(name)")
      var tensor = [Float](repeating: .nan, count: preprocessing.elementCount)
      preprocessing.write(picture, to: &tensor)
      #expect(Distance.largest(tensor, expected.floats(name)) <= 1e-6, "\(name)")
      compared += 1
    }
    #expect(compared >= 30)
  }

  private func outcome(_ path: String, _ reading: PictureReading) throws -> Picture? {
    do {
      return try reading.load(path: path).picture
    } catch is ImageFailure {
      return nil
    }
  }

  /// Strict refuses what the record calls broken and decodes what it calls valid.
  @Test(arguments: PictureSet.all)
  func brokenFilesAreNamed(_ set: PictureSet) throws {
    let says = [
      "truncated": "truncated", "corrupt": "damaged", "too_large": "decompression bomb",
      "empty": "is empty",
    ]
    let expected = try set.tensors("broken_decoded")
    for (file, entry) in try set.record("broken") {
      let category = try #require((entry as? [String: Any])?["category"] as? String)
      let path = set.path("broken/" + file)
      // Named as what it is where that is known.
      if category == "not_an_image" {
        let failure = #expect(throws: ImageFailure.self, "\(file)") {
          try Picture.load(path: path)
        }
        let message = failure?.description ?? ""
        #expect(
          message.contains("is not a picture") || message.contains(" picture, found "),
          "\(file): \(message)")
      } else if let words = says[category] {
        let failure = #expect(throws: ImageFailure.self, "\(file)") {
          try Picture.load(path: path)
        }
        let message = failure?.description ?? ""
        #expect(message.hasPrefix(path) && message.contains(words), "\(file): \(message)")
        #expect(failure?.exitStatus == .badData, "\(file)")
      } else if category == "valid" {
        #expect(try Picture.load(path: path).pixels == expected.bytes(file), "\(file)")
      }
    }
  }

  /// The lenient policy decodes what Pillow decodes with LOAD_TRUNCATED_IMAGES, to the same pixels.
  @Test(arguments: PictureSet.all)
  func liltDecodesAsFarAsPillow(_ set: PictureSet) throws {
    let expected = try set.tensors("broken_decoded")
    let reading = PictureReading(truncated: .lilt)
    for (file, entry) in try set.record("broken") {
      let fields = try #require(entry as? [String: Any])
      let pillow = fields["pillow_with_LOAD_TRUNCATED_IMAGES"] as? [String: Any]
      let found = try outcome(set.path("broken/" + file), reading)
      guard pillow?["ok"] as? Bool == true else {
        #expect(found == nil, "\(file)")
        continue
      }
      let picture = expected.picture(file) ?? expected.picture(file + ".load_truncated")
      #expect(found == picture, "\(file)")
    }
  }
}
