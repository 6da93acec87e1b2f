import Foundation
import XlingCore

extension NewFolder {
  /// For commands, before they read anything. Throws ``AlignmentFailure/folderExists(path:)``.
  public static func check(_ output: String) throws(AlignmentFailure) {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw .folderExists(path: output)
    }
  }

  /// As ``NewFolder/write(_:_:)``, never into what is there already. Throws
  /// ``AlignmentFailure/folderExists(path:)`` besides.
  static func writeNew<Result>(_ output: String, _ fill: (String) throws -> Result) throws -> Result
  {
    try check(output)
    return try write(output, fill)
  }
}
