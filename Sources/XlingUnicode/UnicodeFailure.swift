import CICU
import XlingCore

/// Errors of the Unicode library below this module.
public enum UnicodeFailure: Failure, Equatable {
  /// A locale without a language, or one that ICU refuses.
  case unknownLocale(locale: String, reason: String)
  /// ICU could not do what was asked, or its data is missing.
  case icu(operation: String, error: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .unknownLocale: .usage
    case .icu: .internal
    }
  }

  public var description: String {
    switch self {
    case .unknownLocale(let locale, let reason):
      "no locale is called \"\(locale)\": \(reason). Expected a language code such as \"tr\" or "
        + "\"zh_Hant\"."
    case .icu(let operation, let error):
      "ICU could not \(operation): \(error). Check that its libraries and data are whole "
        + "(Debian: libicu72)."
    }
  }

  static func name(_ code: Int32) -> String { String(cString: xling_icu_error_name(code)) }
}

/// Calls `body` with a UTF-16 buffer until what it writes fits. `body` returns the length needed,
/// or minus an ICU error code.
func growingBuffer(
  _ operation: String, capacity: Int, _ body: (UnsafeMutablePointer<UInt16>, Int32) -> Int32
) throws(UnicodeFailure) -> [UInt16] {
  var capacity = Int32(max(capacity, 32))
  while true {
    var needed: Int32 = 0
    let text = [UInt16](unsafeUninitializedCapacity: Int(capacity)) { buffer, count in
      needed = buffer.baseAddress.map { body($0, capacity) } ?? 0
      count = Int(max(0, min(needed, capacity)))
    }
    if needed < 0 { throw .icu(operation: operation, error: UnicodeFailure.name(-needed)) }
    if needed <= capacity { return text }
    capacity = needed
  }
}
