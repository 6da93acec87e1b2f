import CICU

/// How a language lists things: "велосипед, пицца и кот". ICU's list formatter, type AND, width
/// WIDE (the `standard` list patterns of CLDR, with the special cases for Spanish y/e).
///
/// A locale that ICU has no pattern for falls back to its parent, at last to the root's plain
/// commas, as CLDR's inheritance says; see ``LocaleData/covers(_:)``.
public struct ListPattern: Sendable {
  public let locale: String
  private let formatter: Formatter

  /// Throws ``UnicodeFailure/unknownLocale(locale:reason:)`` for a locale without a language.
  public init(locale: String) throws {
    _ = try LocaleData.language(of: locale)
    var error: Int32 = 0
    guard let opened = xling_list_open(locale, &error) else {
      throw UnicodeFailure.unknownLocale(locale: locale, reason: UnicodeFailure.name(error))
    }
    self.locale = locale
    formatter = Formatter(opened)
  }

  /// No items give the empty text, one item itself.
  public func join(_ items: [String]) -> String {
    if items.isEmpty { return "" }
    var text: [UInt16] = []
    var lengths: [Int32] = []
    for item in items {
      let start = text.count
      text.append(contentsOf: item.utf16)
      lengths.append(Int32(text.count - start))
    }
    do {
      let joined = try growingBuffer("join a list", capacity: text.count + 8 * items.count) {
        xling_list_join(formatter.pointer, text, lengths, Int32(lengths.count), $0, $1)
      }
      return String(decoding: joined, as: UTF16.self)
    } catch {
      // Every argument was valid, so only memory can have run out.
      preconditionFailure("\(error)")
    }
  }

  /// ICU's formatters do not change once opened, so threads may share one.
  private final class Formatter: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }
    deinit { xling_list_close(pointer) }
  }
}
