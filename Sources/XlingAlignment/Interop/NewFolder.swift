import Foundation
import XlingCore

/// A folder that appears whole or not at all.
public enum NewFolder {
  /// For commands, before they read anything. Throws ``AlignmentFailure/folderExists(path:)``.
  public static func check(_ output: String) throws(AlignmentFailure) {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw .folderExists(path: output)
    }
  }

  /// `fill` writes to a folder beside `output`, which is then renamed. Throws
  /// ``AlignmentFailure/folderExists(path:)``, `FileFailure`, and what `fill` throws.
  static func write<Result>(_ output: String, _ fill: (String) throws -> Result) throws -> Result {
    try check(output)
    let partial = output + ".partial-\(getpid())"
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
