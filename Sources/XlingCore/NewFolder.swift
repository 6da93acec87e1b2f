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
}
