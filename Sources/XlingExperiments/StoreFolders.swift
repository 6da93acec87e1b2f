import Foundation

/// How a store names folders: from its own folder on, where they lie below or beside it, so that a
/// project that is moved or copied as a whole finds its own.
struct StoreFolders: Sendable {
  /// The store's folder, absolute.
  private let base: String
  private let parent: String

  init(store path: String) {
    base = Self.absolute(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    parent = Self.absolute(base + "/..")
  }

  private static func absolute(_ folder: String) -> String {
    URL(fileURLWithPath: folder).standardizedFileURL.path
  }

  /// As the store keeps it.
  func stored(_ folder: String) -> String {
    let folder = Self.absolute(folder)
    if let inside = Self.rest(of: folder, in: base) { return inside.isEmpty ? "." : inside }
    // The root is everybody's parent.
    guard parent != "/", let beside = Self.rest(of: folder, in: parent) else { return folder }
    return beside.isEmpty ? ".." : "../" + beside
  }

  /// Absolute. A folder that an earlier version stored as absolute, and that holds no run any more, is
  /// looked for in the same place from here on.
  func resolved(_ stored: String) -> String {
    guard stored.hasPrefix("/") else { return resolvedPlace(stored) }
    return Self.isRun(stored) ? stored : moved(stored) ?? stored
  }

  /// Absolute, whatever lies there.
  func resolvedPlace(_ stored: String) -> String {
    stored.hasPrefix("/") ? stored : Self.absolute(base + "/" + stored)
  }

  /// What an earlier version stored, as it is kept from now on.
  func renewed(_ folder: String) -> String {
    let short = stored(folder)
    guard short.hasPrefix("/"), let moved = moved(short) else { return short }
    return stored(moved)
  }

  /// The run of the last parts of that path below or beside the store.
  private func moved(_ folder: String) -> String? {
    let parts = folder.split(separator: "/")
    for count in 1...max(1, min(4, parts.count)) {
      let end = parts.suffix(count).joined(separator: "/")
      for root in [base, parent] where Self.isRun(root + "/" + end) {
        return Self.absolute(root + "/" + end)
      }
    }
    return nil
  }

  private static func isRun(_ folder: String) -> Bool {
    FileManager.default.fileExists(atPath: folder + "/run.json")
  }

  private static func rest(of path: String, in folder: String) -> String? {
    if path == folder { return "" }
    let start = folder.hasSuffix("/") ? folder : folder + "/"
    return path.hasPrefix(start) ? String(path.dropFirst(start.count)) : nil
  }
}
