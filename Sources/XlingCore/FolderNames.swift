import Foundation

/// The names in a folder.
public enum FolderNames {
  /// What systems leave beside files, and nobody means: hidden files, of a Mac's `._NAME` and `.DS_Store`,
  /// and of Windows's `Thumbs.db` and `desktop.ini`.
  public static func isLeftover(_ name: String) -> Bool {
    name.utf8.first == UInt8(ascii: ".")
      || ["thumbs.db", "desktop.ini", "__macosx"].contains(name.lowercased())
  }

  /// Sorted, without `.` and `..`. Throws ``FileFailure/missing(path:hint:)`` or
  /// ``FileFailure/cannotRead(path:reason:)``.
  public static func read(
    _ path: String, hint: String = "Check the path."
  ) throws(FileFailure) -> [String] {
    guard let folder = opendir(path) else {
      switch errno {
      case ENOENT: throw .missing(path: path, hint: hint)
      case ENOTDIR: throw .cannotRead(path: path, reason: "it is a file, not a folder")
      default: throw .cannotRead(path: path, reason: SystemWords.reason(errno))
      }
    }
    defer { closedir(folder) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(folder) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    if errno != 0 { throw .cannotRead(path: path, reason: SystemWords.reason(errno)) }
    return names.sorted()
  }
}
