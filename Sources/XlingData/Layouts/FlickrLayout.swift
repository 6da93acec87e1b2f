import Foundation
import XlingCore

/// Flickr30k's `results.csv` (`image_name| comment_number| comment`), Flickr8k's `captions.txt`
/// (`image,caption`), open_clip's tables parted by tabs (`filepath`, `title`), and others like them: a
/// caption a line below a line of headings. Columns are found by their names; others are passed over.
struct FlickrLayout: DatasetLayout {
  let name = "flickr"
  let summary =
    "Flickr30k's results.csv, Flickr8k's captions.txt, or any table (commas, semicolons, tabs) with a "
    + "caption a line: headings such as image,caption or filepath, title; a column split counts"

  func read(_ path: String, _ note: (String) -> Void) throws -> [ForeignItem] {
    let table = try DelimitedTable(AtomicFile.read(path), path: path)
    let columns = try CaptionColumns(table, path: path)
    var captions = CaptionsByPicture()
    var splits: [String: Split] = [:]
    for row in table.rows {
      let row = try columns.completed(row, note)
      let picture = row.fields[columns.picture]
      for caption in try columns.captions(row) { captions.add(caption, to: picture) }
      guard let split = try columns.split(row) else { continue }
      if let other = splits.updateValue(split, forKey: picture), other != split {
        throw DataFailure.badLine(
          path: path, line: row.line, expected: "one split a picture",
          found: "\"\(picture)\" in \(other.rawValue) and in \(split.rawValue)")
      }
    }
    return captions.items().map {
      ForeignItem(name: $0.name, split: splits[$0.name], captions: $0.captions)
    }
  }
}
