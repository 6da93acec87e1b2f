import Foundation
import XlingCore

/// WebDataset shards: a tar archive, compressed or not, whose files of one sample share a folder and a name
/// up to its first dot, as `base_plus_ext` of webdataset parts them. Of the rest, the ending, the last part
/// says what it is: a picture; `.txt`, a caption a line as CLIP_benchmark's retrieval sets have them;
/// `.json` with a caption or a list of them.
struct WebDatasetLayout: DatasetLayout {
  let name = "webdataset"
  let holdsPictures = true
  let summary =
    "a WebDataset tar shard (.tar, .tar.gz, .tar.xz, .tar.zst): KEY.jpg with KEY.txt (a caption a line) "
    + "or KEY.json (\"caption\")"

  func read(_ path: String, _ note: (String) -> Void) throws -> [ForeignItem] {
    var shard = WebDatasetShard(path: path, expected: summary)
    var archive = try TarArchive(path)
    try archive.forEachMember(
      { WebDatasetShard.part($0) != nil }, take: { try shard.take($0, $1) })
    return try shard.items()
  }
}
