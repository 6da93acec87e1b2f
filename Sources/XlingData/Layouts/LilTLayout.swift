/// The lists that LilT (and ALBEF before it) trains on: a JSON list of objects with `image`, a path,
/// and `caption`, one text or a list. A picture may occur once for each caption.
struct LilTLayout: DatasetLayout {
  let name = "lilt"
  let summary = "LilT's and ALBEF's JSON lists of image and caption"

  func read(_ path: String, _ note: (String) -> Void) throws -> [ForeignItem] {
    let root = try json(path)
    guard let list = root.array else { throw bad(path, "the file", "a list", root) }
    var captions = CaptionsByPicture()
    for (index, entry) in list.enumerated() {
      let place = "entry \(index + 1)"
      guard let image = entry.object?["image"]?.string else {
        throw bad(path, place, "a text \"image\"", entry.object?["image"])
      }
      let value = entry.object?["caption"]
      guard let texts = value?.string.map({ [$0] }) ?? value?.strings, !texts.isEmpty else {
        throw bad(path, place, "\"caption\": a text or a list of texts", value)
      }
      for text in texts { captions.add(text, to: image) }
    }
    return captions.items()
  }
}
