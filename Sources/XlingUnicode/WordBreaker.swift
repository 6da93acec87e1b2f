import CICU

/// ICU's word breaking in a locale (UAX #29; dictionaries where words are written together), for one
/// thread at a time.
public final class WordBreaker {
  private let words: UnsafeMutableRawPointer

  /// `locale` "" is the root. A locale that ICU lacks takes its parent's rules, at last the root's. Throws
  /// ``UnicodeFailure``.
  public init(locale: String) throws(UnicodeFailure) {
    if !locale.isEmpty { _ = try LocaleData.language(of: locale) }
    var error: Int32 = 0
    guard let opened = xling_words_open(locale, &error) else {
      throw .icu(operation: "break words", error: UnicodeFailure.name(error))
    }
    words = opened
  }

  deinit { xling_words_close(words) }

  /// Calls `body` with the bytes of each word: segments of rule status 100 and above, which are letters,
  /// numbers, kana or ideographs. `text` is well-formed UTF-8. Throws ``UnicodeFailure``.
  public func forEachWord(
    of text: UnsafeRawBufferPointer, _ body: (Range<Int>) -> Void
  ) throws(UnicodeFailure) {
    guard let bytes = text.bindMemory(to: UInt8.self).baseAddress else { return }
    var bounds: UnsafePointer<Int32>?
    let count = xling_words_find(words, bytes, Int32(clamping: text.count), &bounds)
    if count < 0 { throw .icu(operation: "break words", error: UnicodeFailure.name(-count)) }
    guard let bounds else { return }
    for word in 0..<Int(count) { body(Int(bounds[2 * word])..<Int(bounds[2 * word + 1])) }
  }
}
