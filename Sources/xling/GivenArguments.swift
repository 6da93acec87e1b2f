import Foundation
import XlingCore

/// The arguments and settings as the system gave them. Swift repairs bytes that are not UTF-8, and a
/// repaired path is another file's: such arguments are refused before anything is done.
enum GivenArguments {
  /// Throws ``ArgumentFailure``.
  static func check() throws(ArgumentFailure) {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      if let bad = unreadable(CommandLine.unsafeArgv[index]) {
        throw .notUTF8(what: "argument \(index)", shown: bad)
      }
    }
    for name in ["XLING_HOME", "XLING_STORE"] {
      if let bad = unreadable(getenv(name)) { throw .notUTF8(what: name, shown: bad) }
    }
    if let text = getenv(GuessOption.variable).map({ String(cString: $0) }),
      !["", "0", "1"].contains(text)
    {
      throw .strict(found: text)
    }
    if let text = getenv(threadsName).map({ String(cString: $0) }), !text.isEmpty {
      guard let count = Int(text), 1...NumberRange.threads ~= count else {
        throw .threads(found: text)
      }
    }
  }

  static let threadsName = "XLING_THREADS"

  /// What is shown of bytes that are not UTF-8: `new\xFFname`; nil where they are.
  private static func unreadable(_ pointer: UnsafePointer<CChar>?) -> String? {
    guard let pointer, String(validatingCString: pointer) == nil else { return nil }
    let bytes = UnsafeRawBufferPointer(start: pointer, count: strlen(pointer))
    return bytes.map { byte in
      if 0x20..<0x7F ~= byte { return String(UnicodeScalar(byte)) }
      let digits = String(byte, radix: 16, uppercase: true)
      return "\\x" + (digits.count == 1 ? "0" : "") + digits
    }.joined()
  }
}

enum ArgumentFailure: Failure, Equatable {
  case notUTF8(what: String, shown: String)
  case threads(found: String)
  case strict(found: String)

  var exitStatus: ExitStatus { .usage }

  var description: String {
    switch self {
    case .notUTF8(let what, let shown):
      "\(what) is not UTF-8: \(shown). Rename the file or folder, or choose a name in UTF-8."
    case .threads(let found):
      "\(GivenArguments.threadsName) must be from 1 to \(NumberRange.threads), found \(found)"
    case .strict(let found): "\(GuessOption.variable) must be 0 or 1, found \(found)"
    }
  }
}
