import Foundation

/// A folder that appears whole or not at all.
public enum NewFolder {
  /// `fill` writes to a folder beside `output`, which is then renamed; what dead processes left of the same
  /// is removed. Throws `FileFailure`, and what `fill` throws; nothing is left behind then.
  public static func write<Result>(
    _ output: String, _ fill: (String) throws -> Result
  ) throws -> Result {
    var output = output
    while output.count > 1, output.hasSuffix("/") { output.removeLast() }
    Partials.sweep(of: output)
    let partial = Partials.path(of: output)
    do {
      try AtomicFile.createFolder(partial)
      let result = try fill(partial)
      guard rename(partial, output) == 0 else {
        throw FileFailure.cannotWrite(path: output, reason: String(cString: strerror(errno)))
      }
      return result
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      throw error
    }
  }

  /// For commands, before they read anything. Throws ``FileFailure/exists(path:)``.
  public static func check(_ output: String) throws(FileFailure) {
    guard !FileManager.default.fileExists(atPath: output) else { throw .exists(path: output) }
  }

  /// As ``write(_:_:)``, never into what is there already. Throws ``FileFailure/exists(path:)`` besides.
  public static func writeNew<Result>(
    _ output: String, _ fill: (String) throws -> Result
  ) throws -> Result {
    try check(output)
    return try write(output, fill)
  }
}
