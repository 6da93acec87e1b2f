/// COCO's own `captions_train2014.json`: `images` with `id` and `file_name`, `annotations` with
/// `image_id` and `caption`.
struct COCOLayout: DatasetLayout {
  let name = "coco"
  let summary = "COCO's captions_SPLIT.json: images and annotations"

  func read(_ path: String) throws -> [ForeignItem] {
    let root = try json(path).object
    guard let images = root?["images"]?.array, let notes = root?["annotations"]?.array else {
      throw bad(path, "the file", "\"images\" and \"annotations\"", nil)
    }
    var captions: [String: [String]] = [:]
    for (index, note) in notes.enumerated() {
      let place = "annotation \(index + 1)"
      guard let id = note.object?["image_id"]?.number else {
        throw bad(path, place, "a number \"image_id\"", note.object?["image_id"])
      }
      guard let caption = note.object?["caption"]?.string else {
        throw bad(path, place, "a text \"caption\"", note.object?["caption"])
      }
      captions[id, default: []].append(caption)
    }
    let items = try images.enumerated().map { index, image in
      guard let id = image.object?["id"]?.number, let file = image.object?["file_name"]?.string
      else { throw bad(path, "image \(index + 1)", "\"id\" and \"file_name\"", image) }
      return ForeignItem(name: file, split: nil, captions: captions.removeValue(forKey: id) ?? [])
    }
    if let id = captions.keys.sorted().first {
      throw bad(path, "annotations", "pictures that \"images\" lists", .number(id))
    }
    return items
  }
}
