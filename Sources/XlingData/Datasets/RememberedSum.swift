import Foundation
import XlingCore

/// One SHA-256 over several files, remembered as ``ContentMemory`` has it: a tower's weights are a gigabyte, and every
/// command that reads a run asks whether they are still those that it was trained on.
public enum RememberedSum {
  /// What `compute` makes of the bytes of `files`, which lie in `folder`; what it made before where sizes, times and
  /// inodes of all are the same, unless `anew`. A file that changes meanwhile, or changed a moment ago, is not remembered.
  /// Throws what `compute` throws.
  public static func of(
    _ files: [String], in folder: String, anew: Bool = false,
    environment: [String: String] = ProcessInfo.processInfo.environment,
    _ compute: () throws -> String
  ) rethrows -> String {
    let memory = ContentMemory(
      folder: folder, part: (["sum of"] + files).joined(separator: "\n"), environment: environment)
    let marks = files.compactMap { FileMark(path: $0) }
    let known = memory.entries()
    let found = zip(files, marks).compactMap { file, mark in
      known[file].flatMap { $0.mark == mark ? $0.digest : nil }
    }
    if !anew, let sum = found.first, found.count == files.count, Set(found).count == 1 {
      return sum
    }
    let now = FileMark.now()
    let sum = try compute()
    guard marks.count == files.count, marks == files.compactMap({ FileMark(path: $0) }),
      marks.allSatisfy({ $0.isSettled(at: now) })
    else { return sum }
    memory.keep(
      Dictionary(
        zip(files, marks.map { ContentMemory.Entry(mark: $0, digest: sum) }),
        uniquingKeysWith: { first, _ in first }))
    return sum
  }
}
