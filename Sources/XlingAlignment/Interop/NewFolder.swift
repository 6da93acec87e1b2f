import Foundation
import XlingCore

extension NewFolder {
  /// As ``NewFolder/write(_:_:)``, never into what is there already. Throws
  /// ``AlignmentFailure/folderExists(path:)`` besides.
  static func writeNew<Result>(_ output: String, _ fill: (String) throws -> Result) throws -> Result
  {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw AlignmentFailure.folderExists(path: output)
    }
    return try write(output, fill)
  }
}
