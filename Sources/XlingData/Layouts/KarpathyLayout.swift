/// Karpathy and Fei-Fei's splits (2015), `dataset_coco.json` and `dataset_flickr30k.json`: `images`
/// with `filename`, `filepath` (COCO), `split` and `sentences`. `restval` is training data.
struct KarpathyLayout: DatasetLayout {
  let name = "karpathy"
  let summary = "Karpathy's dataset_NAME.json: images with split and sentences"

  func read(_ path: String, _ note: (String) -> Void) throws -> [ForeignItem] {
    let root = try json(path)
    guard let images = root.object?["images"]?.array else {
      throw bad(path, "the file", "a list \"images\"", root)
    }
    return try images.enumerated().map { index, image in
      let place = "image \(index + 1)"
      let object = image.object ?? [:]
      guard let file = object["filename"]?.string else {
        throw bad(path, place, "a text \"filename\"", object["filename"])
      }
      let word = object["split"]?.string
      guard let split = word == "restval" ? .train : word.flatMap(Split.init) else {
        throw bad(path, place, "\"split\": train, restval, val or test", object["split"])
      }
      let sentences = object["sentences"]?.array?.map { $0.string ?? $0.object?["raw"]?.string }
      guard let sentences, sentences.allSatisfy({ $0 != nil }) else {
        throw bad(path, place, "\"sentences\" with \"raw\" each", object["sentences"])
      }
      let folder = object["filepath"]?.string.map { $0.isEmpty ? "" : $0 + "/" } ?? ""
      return ForeignItem(
        name: folder + file, split: split, captions: sentences.compactMap { $0 })
    }
  }
}
