import Foundation
import XlingCore

/// A folder that names of other people's files may not lead out of: not by `..`, not from the root, and
/// not by links unless these are the user's own (`--follow-links`).
struct PictureFolder: Sendable {
  enum Place: Equatable {
    case file(String)
    case missing(String)
    /// Where it leads, and whether a link does it.
    case outside(String, byLink: Bool)
    /// A folder, FIFO or device.
    case noFile(String, kind: String)
  }

  let path: String
  let followsLinks: Bool
  /// Without links, ending in a slash; nil where the folder is not there.
  private let real: String?
  private let spellings = FolderSpellings()

  init(_ path: String, followsLinks: Bool) {
    self.path = path
    self.followsLinks = followsLinks
    real = Self.withoutLinks(path).map { $0 == "/" ? $0 : $0 + "/" }
  }

  func place(of name: String) -> Place {
    guard !name.hasPrefix("/") else { return .outside(name, byLink: false) }
    var depth = 0
    for part in name.split(separator: "/") where part != "." {
      depth += part == ".." ? -1 : 1
      if depth < 0 { return .outside(name, byLink: false) }
    }
    var whole = path + "/" + name
    // The system would read such a name up to the zero only.
    guard !name.utf8.contains(0) else { return .missing(whole) }
    var there = Self.withoutLinks(whole)
    if there == nil, let spelled = spellings.path(of: name, in: path) {
      whole = spelled
      there = Self.withoutLinks(spelled)
    }
    guard let found = there else { return .missing(whole) }
    if !followsLinks, let real, !found.hasPrefix(real), found + "/" != real {
      return .outside(found, byLink: true)
    }
    if let kind = Self.kind(of: found) { return .noFile(whole, kind: kind) }
    return .file(whole)
  }

  /// Path of the file that `origin` calls `name`. Throws ``DataFailure``, `FileFailure.missing`.
  func file(_ name: String, origin: String) throws -> String {
    switch place(of: name) {
    case .file(let path): return path
    case .missing(let path):
      throw FileFailure.missing(
        path: path, hint: "\(origin) lists it; --images is the folder that names begin in.")
    case .outside(let target, let byLink):
      throw DataFailure.leadsOut(
        origin: origin, name: name, target: target, folder: path, byLink: byLink)
    case .noFile(let path, let kind):
      throw DataFailure.noPicture(origin: origin, path: path, kind: kind)
    }
  }

  /// The absolute path of what `path` leads to; nil where nothing is.
  static func withoutLinks(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// What lies there in place of a file; nil for a file.
  static func kind(of path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return "nothing" }
    return kind(status)
  }

  static func kind(_ status: stat) -> String? {
    switch status.st_mode & S_IFMT {
    case S_IFREG: nil
    case S_IFDIR: "a folder"
    case S_IFIFO: "a FIFO"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }
}
