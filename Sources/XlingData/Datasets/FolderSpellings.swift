import Foundation
import Synchronization
import XlingCore

/// Finds files whose names are the ones asked for in another Unicode form: names are bytes on Linux, a Mac
/// decomposes letters when it unpacks, and both look the same. Each folder is listed once.
final class FolderSpellings: Sendable {
  /// Folder -> name, as a text -> its spellings there.
  private let known = Mutex<[String: [String: [String]]]>([:])

  /// The path of `name` below `folder` as the disk spells it; nil where nothing, or more than one file, has
  /// that name, and for names in ASCII, which have one form.
  func path(of name: String, in folder: String) -> String? {
    guard name.utf8.contains(where: { $0 >= 0x80 }) else { return nil }
    var path = folder
    for part in name.split(separator: "/") where part != "." {
      let next = path + "/" + part
      if FileManager.default.fileExists(atPath: next) {
        path = next
      } else {
        let spellings = names(in: path)[String(part)] ?? []
        guard spellings.count == 1 else { return nil }
        path += "/" + spellings[0]
      }
    }
    return path
  }

  private func names(in folder: String) -> [String: [String]] {
    if let names = known.withLock({ $0[folder] }) { return names }
    let all = (try? FolderNames.read(folder)) ?? []
    // Canonically equivalent texts are one key.
    let names = Dictionary(grouping: all.filter { $0.utf8.contains { $0 >= 0x80 } }) { $0 }
    known.withLock { $0[folder] = names }
    return names
  }
}
