/// COCO's own `captions_train2014.json`: `images` with `id` and `file_name`, `annotations` with
/// `image_id` and `caption`.
struct COCOLayout: DatasetLayout {
  let name = "coco"
  let summary = "COCO's captions_SPLIT.json: images and annotations"

  func read(_ path: String, _ note: (String) -> Void) throws -> [ForeignItem] {
    let root = try json(path)
    guard let images = root.object?["images"]?.array,
      let notes = root.object?["annotations"]?.array
    else { throw bad(path, "the file", "\"images\" and \"annotations\"", root) }
    var captions: [String: [String]] = [:]
    for (index, entry) in notes.enumerated() {
      let place = "annotation \(index + 1)"
      guard let id = Self.id(entry.object?["image_id"]) else {
        throw bad(path, place, "a number or text \"image_id\"", entry.object?["image_id"])
      }
      let value = entry.object?["caption"]
      guard let texts = value?.string.map({ [$0] }) ?? value?.strings, !texts.isEmpty else {
        throw bad(path, place, "\"caption\": a text or a list of texts", value)
      }
      captions[id, default: []] += texts
    }
    let items = try images.enumerated().map { index, image in
      guard let id = Self.id(image.object?["id"]), let file = image.object?["file_name"]?.string
      else { throw bad(path, "image \(index + 1)", "\"id\" and \"file_name\"", image) }
      return ForeignItem(name: file, split: nil, captions: captions.removeValue(forKey: id) ?? [])
    }
    if let id = captions.keys.sorted().first {
      throw bad(path, "annotations", "pictures that \"images\" lists", .number(id))
    }
    return items
  }

  /// COCO's are numbers; sets in its form have texts too.
  private static func id(_ value: JSONValue?) -> String? { value?.number ?? value?.string }
}
