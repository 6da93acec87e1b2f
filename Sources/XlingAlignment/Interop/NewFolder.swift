import Foundation
import XlingCore

/// A folder that appears whole or not at all.
enum NewFolder {
  /// `fill` writes to a folder beside `output`, which is then renamed. Throws
  /// ``AlignmentFailure/folderExists(path:)``, `FileFailure`, and what `fill` throws.
  static func write<Result>(_ output: String, _ fill: (String) throws -> Result) throws -> Result {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw AlignmentFailure.folderExists(path: output)
    }
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
