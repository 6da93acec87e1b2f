/// What SentencePiece does to a text before it looks for pieces, exactly: longest user-defined
/// symbol, else longest rule of the model's charsmap, else one scalar, else U+FFFD for one byte;
/// then whitespace as the model's flags say (`normalizer.cc` of the reference).
struct SentencePieceNormalizer: Sendable {
  let charsmap: Charsmap?
  /// User-defined symbols as a ``DoubleArray``; nil when there are none.
  let symbols: ConstantBuffer<UInt32>?
  let whitespace: Whitespace
  /// Whether words between spaces normalize alone to what they do in a text, each with a ▁ ahead
  /// and a cut there: no rule or symbol reaches over a space.
  var keepsWordsApart: Bool {
    whitespace.cuts && whitespace.addsDummyPrefix && !whitespace.isSuffix && symbolsHoldNoSpace
      && charsmap?.keepsSpaces ?? true
  }
  private let symbolsHoldNoSpace: Bool
  /// By byte: whether it stands for itself when an ASCII byte follows; the space does not.
  private let isPlain: ConstantBuffer<Bool>

  struct Whitespace: BitwiseCopyable, Sendable {
    let addsDummyPrefix: Bool
    let removesExtra: Bool
    /// Whether spaces become ▁.
    let isEscaped: Bool
    /// Whether the dummy prefix comes behind the text.
    let isSuffix: Bool
    /// Whether ▁ behind another character is a cut.
    let cuts: Bool
  }

  init(
    _ model: SentencePieceModel, charsmap: Charsmap?, symbols: ConstantBuffer<UInt32>?,
    cutsAtSpaces: Bool
  ) {
    self.charsmap = charsmap
    self.symbols = symbols
    whitespace = Whitespace(
      addsDummyPrefix: model.addsDummyPrefix, removesExtra: model.removesExtraWhitespace,
      isEscaped: model.escapesWhitespace, isSuffix: model.whitespaceIsSuffix,
      cuts: cutsAtSpaces && model.escapesWhitespace)
    symbolsHoldNoSpace = !(0..<model.count).contains {
      model.kinds[$0] == .userDefined && model.pieces[$0].contains(0x20)
    }
    let isPlain = (0..<256).map { byte in
      if byte >= 0x80 || byte == 0x20 { return false }
      if let charsmap, !charsmap.asciiIsPlain[byte] { return false }
      guard let symbols else { return true }
      var base = DoubleArray.root(symbols.base)
      return DoubleArray.step(symbols.base, &base, UInt8(byte)) == nil
    }
    self.isPlain = ConstantBuffer(isPlain)
  }

  private static let replacement = ConstantBuffer<UInt8>([0xEF, 0xBF, 0xBD])

  /// Valid while this value lives.
  var reader: Reader {
    Reader(
      charsmap: charsmap?.reader, symbols: symbols?.base, whitespace: whitespace,
      isPlain: isPlain.base, replacement: Self.replacement.base)
  }

  struct Reader: BitwiseCopyable {
    fileprivate let charsmap: Charsmap.Reader?
    fileprivate let symbols: UnsafePointer<UInt32>?
    let whitespace: Whitespace
    fileprivate let isPlain: UnsafePointer<Bool>
    /// UTF-8 of U+FFFD.
    fileprivate let replacement: UnsafePointer<UInt8>
  }

  /// Length of the longest key that begins at `at`.
  static func longest(
    _ units: UnsafePointer<UInt32>, _ text: UnsafePointer<UInt8>, _ at: Int, _ end: Int
  ) -> Int? {
    var base = DoubleArray.root(units)
    var (index, length) = (at, 0)
    while index < end, let unit = DoubleArray.step(units, &base, text[index]) {
      index += 1
      if unit & DoubleArray.hasValue != 0 { length = index - at }
    }
    return length > 0 ? length : nil
  }
}

extension SentencePieceNormalizer.Reader {

  /// Replaces what `output` holds. Text longer than 2^29 bytes is a programming error.
  func normalize(
    _ text: UnsafeBufferPointer<UInt8>, _ offsets: OffsetUnit, into output: NormalizedText
  ) {
    precondition(text.count < 1 << 29, "a text of half a gigabyte is no caption")
    output.count = 0
    output.cuts.removeAll(keepingCapacity: true)
    guard let bytes = text.baseAddress else { return }
    var source = Source(text: bytes, end: text.count, countsBytes: offsets == .bytes)
    if whitespace.removesExtra { skipSpaces(&source) }
    if source.at == source.end { return }
    output.reserve(3 * (source.end - source.at) + 8)
    output.cuts.append(0)
    var writer = Writer(output, isAfterSpace: whitespace.removesExtra)
    if whitespace.addsDummyPrefix && !whitespace.isSuffix {
      writer.space(source.origin, whitespace, output)
    }
    while source.at < source.end {
      copyPlain(&source, &writer)
      if source.at == source.end { break }
      let unit = unit(source)
      write(unit, source, &writer, output)
      source.advance(unit)
      if !whitespace.removesExtra { writer.isAfterSpace = false }
    }
    var end = source.origin
    if whitespace.removesExtra { end = writer.trim(end, whitespace, output) }
    if whitespace.addsDummyPrefix && whitespace.isSuffix {
      writer.ensure(8, output)
      writer.space(end, whitespace, output)
    }
    writer.finish(output, end)
  }

  /// Where the normalizer stands in the original text.
  private struct Source {
    let text: UnsafePointer<UInt8>
    let end: Int
    let countsBytes: Bool
    var at = 0
    /// The same in the unit of the offsets.
    var origin: Int32 = 0

    @inline(__always)
    mutating func advance(_ unit: Unit) {
      origin += countsBytes ? Int32(unit.length) : unit.scalars
      at += unit.length
    }
  }

  /// What is normalized in one go, and the bytes that it becomes.
  private struct Unit {
    let length: Int
    let scalars: Int32
    let result: UnsafePointer<UInt8>
    let resultLength: Int
  }

  /// Copies ASCII that no rule or symbol touches, up to the last character ahead of other bytes.
  @inline(__always)
  private func copyPlain(_ source: inout Source, _ writer: inout Writer) {
    let (text, last, start) = (source.text, source.end - 1, source.at)
    var at = start
    while at < last, isPlain[Int(text[at])], text[at + 1] < 0x80 {
      writer.plain(text[at], source.origin + Int32(at - start))
      at += 1
    }
    if at == start { return }
    writer.isAfterSpace = false
    source.origin += Int32(at - start)
    source.at = at
  }

  @inline(__always)
  private func unit(_ source: Source) -> Unit {
    let (text, at, end) = (source.text, source.at, source.end)
    if let symbols, let length = SentencePieceNormalizer.longest(symbols, text, at, end) {
      return copied(text, at, length)
    }
    let scalar = UTF8Scalar.scalar(text, at, end)
    if let charsmap, scalar.map({ charsmap.mayBegin($0.value) }) ?? true {
      let rule = charsmap.longestRule(text, at, end)
      if rule.length > 0 {
        let result = charsmap.replacements + rule.replacement
        var length = 0
        while result[length] != 0 { length += 1 }
        return Unit(
          length: rule.length, scalars: UTF8Scalar.countWellFormed(text, at..<at + rule.length),
          result: result, resultLength: length)
      }
    }
    if let scalar {
      return Unit(
        length: scalar.length, scalars: 1, result: text + at, resultLength: scalar.length)
    }
    return Unit(length: 1, scalars: 1, result: replacement, resultLength: 3)
  }

  private func copied(_ text: UnsafePointer<UInt8>, _ at: Int, _ length: Int) -> Unit {
    Unit(
      length: length, scalars: UTF8Scalar.countWellFormed(text, at..<at + length),
      result: text + at,
      resultLength: length)
  }

  private func skipSpaces(_ source: inout Source) {
    while source.at < source.end {
      let unit = unit(source)
      guard unit.resultLength == 1, unit.result[0] == 0x20 else { return }
      source.advance(unit)
    }
  }

  @inline(__always)
  private func write(
    _ unit: Unit, _ source: Source, _ writer: inout Writer, _ output: NormalizedText
  ) {
    var first = 0
    if writer.isAfterSpace {
      while first < unit.resultLength, unit.result[first] == 0x20 { first += 1 }
    }
    if first == unit.resultLength { return }
    writer.ensure(3 * unit.resultLength + 3 * (source.end - source.at) + 8, output)
    for index in first..<unit.resultLength {
      if unit.result[index] == 0x20 {
        writer.space(source.origin, whitespace, output)
      } else {
        writer.plain(unit.result[index], source.origin)
      }
    }
    writer.isAfterSpace = unit.result[unit.resultLength - 1] == 0x20
  }
}

/// The output's end, held in registers while a text is written.
private struct Writer {
  private var bytes: UnsafeMutablePointer<UInt8>
  private var origins: UnsafeMutablePointer<Int32>
  private var count = 0
  /// Whether spaces that follow are dropped.
  var isAfterSpace: Bool

  init(_ output: NormalizedText, isAfterSpace: Bool) {
    bytes = output.bytes
    origins = output.origins
    self.isAfterSpace = isAfterSpace
  }

  @inline(__always)
  mutating func ensure(_ room: Int, _ output: NormalizedText) {
    output.count = count
    output.reserve(room)
    bytes = output.bytes
    origins = output.origins
  }

  @inline(__always)
  mutating func plain(_ byte: UInt8, _ origin: Int32) {
    bytes[count] = byte
    origins[count] = origin
    count += 1
  }

  @inline(__always)
  mutating func space(
    _ origin: Int32, _ whitespace: SentencePieceNormalizer.Whitespace, _ output: NormalizedText
  ) {
    guard whitespace.isEscaped else { return plain(0x20, origin) }
    if whitespace.cuts, count > 0, !endsInSpace { output.cuts.append(Int32(count)) }
    plain(0xE2, origin)
    plain(0x96, origin)
    plain(0x81, origin)
  }

  @inline(__always)
  private var endsInSpace: Bool {
    count >= 3 && bytes[count - 1] == 0x81 && bytes[count - 2] == 0x96 && bytes[count - 3] == 0xE2
  }

  /// Takes spaces off the end; returns where the text then ends in the original.
  mutating func trim(
    _ end: Int32, _ whitespace: SentencePieceNormalizer.Whitespace, _ output: NormalizedText
  ) -> Int32 {
    var end = end
    while whitespace.isEscaped ? endsInSpace : count > 0 && bytes[count - 1] == 0x20 {
      count -= whitespace.isEscaped ? 3 : 1
      end = origins[count]
    }
    while let cut = output.cuts.last, cut > 0, cut >= count { output.cuts.removeLast() }
    return end
  }

  func finish(_ output: NormalizedText, _ end: Int32) {
    output.count = count
    output.origins[count] = end
    if count == 0 { output.cuts.removeAll(keepingCapacity: true) }
  }
}
