import CICU

/// One of ICU's transforms.
final class Transform: @unchecked Sendable {
  /// Letters of any script in Latin ones, by ICU's rules for the script, not for the language.
  static let anyLatin = Result { try Transform("Any-Latin") }

  // ICU's transliterators do not change once opened, so threads may share one.
  private let pointer: UnsafeMutableRawPointer

  /// Throws ``UnicodeFailure/icu(operation:error:)`` for a transform that ICU lacks.
  init(_ identifier: String) throws(UnicodeFailure) {
    let name = Array(identifier.utf16)
    var error: Int32 = 0
    guard let opened = xling_transform_open(name, Int32(name.count), &error) else {
      throw .icu(operation: "open its transform \(identifier)", error: UnicodeFailure.name(error))
    }
    pointer = opened
  }

  deinit { xling_transform_close(pointer) }

  /// Throws ``UnicodeFailure/icu(operation:error:)``.
  func apply(_ text: String) throws(UnicodeFailure) -> String {
    let units = Array(text.utf16)
    if units.isEmpty { return text }
    var capacity = units.count * 4 + 32
    while true {
      var buffer = units + [UInt16](repeating: 0, count: capacity - units.count)
      let needed = xling_transform_apply(
        pointer, &buffer, Int32(units.count), Int32(capacity))
      if needed < 0 {
        throw .icu(operation: "transform a text", error: UnicodeFailure.name(-needed))
      }
      if Int(needed) <= capacity {
        return String(decoding: buffer.prefix(Int(needed)), as: UTF16.self)
      }
      capacity = max(Int(needed), capacity * 2)
    }
  }
}
