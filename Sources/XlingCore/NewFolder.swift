import CFiles
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
      try move(partial, to: output)
      return result
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      throw error
    }
  }

  /// As ``write(_:_:)``; what is there already is exchanged for the new folder and then removed, so that
  /// at every moment one of both stands there whole.
  public static func replace(_ output: String, _ fill: (String) throws -> Void) throws {
    guard FileManager.default.fileExists(atPath: output) else { return try write(output, fill) }
    Partials.sweep(of: output)
    let partial = Partials.path(of: output)
    defer { try? FileManager.default.removeItem(atPath: partial) }
    try AtomicFile.createFolder(partial)
    try fill(partial)
    guard xling_exchange(partial, output) != 0 else {
      return
    }
    // Not every file system can exchange names.
    let old = Partials.path(of: output + ".replaced")
    Partials.sweep(of: output + ".replaced")
    try move(output, to: old)
    do {
      try move(partial, to: output)
    } catch {
      try move(old, to: output)
      throw error
    }
    try? FileManager.default.removeItem(atPath: old)
  }

  private static func move(_ source: String, to target: String) throws(FileFailure) {
    guard rename(source, target) == 0 else {
      throw .cannotWrite(path: target, reason: String(cString: strerror(errno)))
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
