/// The last name of a path and the folder that it lies in, from the path's own letters: nothing is
/// looked up. Foundation's `NSString.deletingLastPathComponent` traps on names of one letter.
public enum PathParts {
  /// `c` of `a/b/c` and of `a/b/c/`; `/` of the root, and the empty text of the empty path.
  public static func name(of path: String) -> String {
    let path = withoutEndSlashes(path)
    guard let slash = path.utf8.lastIndex(of: 0x2F), path.utf8.count > 1 else {
      return String(path)
    }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// `a/b` of `a/b/c` and of `a/b/c/`; `.` of a bare name, `/` of what lies in the root.
  public static func folder(of path: String) -> String {
    let path = withoutEndSlashes(path)
    guard let slash = path.utf8.lastIndex(of: 0x2F) else { return "." }
    let folder = withoutEndSlashes(path[..<slash])
    return folder.isEmpty ? "/" : String(folder)
  }

  /// The name without its last extension: `photo` of `a/photo.toml`.
  public static func stem(of path: String) -> String { withoutExtension(name(of: path)) }

  /// `a/photo` of `a/photo.toml`; a name that begins with a dot has no extension there.
  public static func withoutExtension(_ path: String) -> String {
    let path = withoutEndSlashes(path)
    guard let dot = extensionDot(path) else { return String(path) }
    return String(path[..<dot])
  }

  /// `toml` of `a/photo.toml`; empty where there is none.
  public static func fileExtension(of path: String) -> String {
    let path = withoutEndSlashes(path)
    guard let dot = extensionDot(path) else { return "" }
    return String(path[path.utf8.index(after: dot)...])
  }

  private static func extensionDot(_ path: Substring) -> Substring.Index? {
    let start = path.utf8.lastIndex(of: 0x2F).map(path.utf8.index(after:)) ?? path.startIndex
    guard let dot = path[start...].utf8.lastIndex(of: 0x2E), dot > start,
      path.utf8.index(after: dot) < path.endIndex
    else { return nil }
    return dot
  }

  private static func withoutEndSlashes(_ path: some StringProtocol) -> Substring {
    var path = Substring(path)
    while path.utf8.count > 1, path.utf8.last == 0x2F { path.removeLast() }
    return path
  }
}
