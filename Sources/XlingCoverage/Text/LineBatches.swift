import Foundation
import XlingCore

/// A text on its way to batches of whole, well-formed lines: memory does not grow with the text. Lines end
/// at LF; a CR before it belongs to the end. UTF-16 is read where its mark says so, as a whole.
struct LineBatches {
  private let text: CoverageText
  private let blockBytes: Int
  /// Lines passed, and bytes of the file ahead of what is passed next.
  private var lines = 0
  private var offset = 0
  private(set) var condition = TextCondition()
  /// Lines that ``CoverageText/rewritten(by:)`` wrote otherwise.
  private(set) var rewrittenLines = 0

  init(_ text: CoverageText, blockBytes: Int = 1 << 20) {
    self.text = text
    self.blockBytes = blockBytes
  }

  /// `lines` are ranges of `bytes`, which is well-formed UTF-8.
  typealias Body = (_ bytes: UnsafeRawBufferPointer, _ lines: [Range<Int>]) throws -> Void

  /// Throws `TextFailure` for UTF-16 without a mark, UTF-32, Latin-1 and the like; `ForeignFileFailure`,
  /// `FileFailure`.
  mutating func eachBatch(_ body: Body) throws {
    switch text.source {
    case .bytes(let bytes):
      var start = 0
      while start < bytes.count {
        var end = min(bytes.count, start + blockBytes)
        while end < bytes.count, bytes[end - 1] != 0x0A { end += 1 }
        try bytes.withUnsafeBytes {
          try pass(UnsafeRawBufferPointer(rebasing: $0[start..<end]), body)
        }
        start = end
      }
    case .file(let path, let pipe): try read(path, pipe, body)
    }
  }

  private mutating func read(_ path: String, _ pipe: PipedText, _ body: Body) throws {
    let isInput = path == "-"
    let descriptor =
      isInput
      ? STDIN_FILENO
      : try OpenedFile.descriptor(path, hint: "Name a text file, one sentence a line.").descriptor
    defer { if !isInput { close(descriptor) } }
    try pipe.read(descriptor, name: text.name) { try read($0, body) }
  }

  private mutating func read(_ descriptor: Int32, _ body: Body) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: blockBytes, alignment: 16)
    defer { buffer.deallocate() }
    var held: [UInt8] = []
    var isStarted = false
    var isWide = false
    while true {
      let count = Foundation.read(descriptor, buffer.baseAddress, blockBytes)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw FileFailure.cannotRead(path: text.name, reason: String(cString: strerror(errno)))
      }
      held.append(contentsOf: buffer[..<count])
      if !isStarted, count == 0 || held.count >= ForeignFile.headCount {
        isStarted = true
        isWide = try start(&held)
      }
      if count == 0 { break }
      guard isStarted, !isWide, let end = held.lastIndex(of: 0x0A) else { continue }
      try held.withUnsafeBytes { try pass(UnsafeRawBufferPointer(rebasing: $0[...end]), body) }
      held.removeFirst(end + 1)
    }
    if isWide { held = Array(try TextBytes.decodeUTF16(Data(held), path: text.name)) }
    try held.withUnsafeBytes { try pass($0, body) }
  }

  /// Whether the text is UTF-16, by its mark; takes the mark of UTF-8 away.
  private mutating func start(_ head: inout [UInt8]) throws -> Bool {
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) { return true }
    try TextBytes.checkStart(head, path: text.name)
    if let found = ForeignFile(head: head.prefix(ForeignFile.headCount)) {
      throw ForeignFileFailure(path: text.name, expected: "text in UTF-8", found: found)
    }
    if head.starts(with: TextBytes.mark) {
      head.removeFirst(TextBytes.mark.count)
      offset = TextBytes.mark.count
    }
    return false
  }

  private mutating func pass(_ bytes: UnsafeRawBufferPointer, _ body: Body) throws {
    guard bytes.count > 0 else { return }
    let ranges = Self.lines(bytes)
    if TextBytes.firstInvalid(bytes) == nil {
      try deliver(bytes, ranges, body)
    } else {
      var repair = Repair()
      for (index, range) in ranges.enumerated() {
        repair.append(bytes, range, line: lines + index + 1, offset: offset, &condition)
      }
      if repair.wellFormed == 0, repair.malformed >= 8, let first = condition.firstMalformed.first {
        // Letters above ASCII, none of them UTF-8: another encoding, named in the failure's words.
        throw TextFailure.notUTF8(
          path: text.name, line: first.line, offset: first.offset, byte: first.byte)
      }
      try repair.bytes.withUnsafeBytes { try deliver($0, repair.ranges, body) }
    }
    lines += ranges.count
    offset += bytes.count
  }

  private mutating func deliver(
    _ bytes: UnsafeRawBufferPointer, _ ranges: [Range<Int>], _ body: Body
  ) throws {
    guard let rewriting = text.rewriting else { return try body(bytes, ranges) }
    nonisolated(unsafe) let source = bytes
    let lines = try concurrently(ranges, grain: 64) { range in
      Array(try rewriting(String(decoding: source[range], as: UTF8.self)).utf8)
    }
    var written: [UInt8] = []
    var places: [Range<Int>] = []
    for (range, line) in zip(ranges, lines) {
      places.append(written.count..<written.count + line.count)
      written.append(contentsOf: line)
      if !bytes[range].elementsEqual(line) { rewrittenLines += 1 }
    }
    // A line of nothing still has a place.
    written.append(0x0A)
    try written.withUnsafeBytes { try body($0, places) }
  }

  private static func lines(_ block: UnsafeRawBufferPointer) -> [Range<Int>] {
    guard let base = block.baseAddress else { return [] }
    var lines: [Range<Int>] = []
    var start = 0
    while start < block.count {
      let found = memchr(base + start, 0x0A, block.count - start)
      let end = found.map { UnsafeRawPointer($0) - base } ?? block.count
      let hasReturn = found != nil && end > start && block[end - 1] == 0x0D
      lines.append(start..<(hasReturn ? end - 1 : end))
      start = end + 1
    }
    return lines
  }
}

/// Lines with U+FFFD in place of every malformed byte.
private struct Repair {
  var bytes: [UInt8] = []
  var ranges: [Range<Int>] = []
  var malformed = 0
  /// Scalars above ASCII that are well-formed.
  var wellFormed = 0

  mutating func append(
    _ source: UnsafeRawBufferPointer, _ range: Range<Int>, line: Int, offset: Int,
    _ condition: inout TextCondition
  ) {
    let start = bytes.count
    var rest = UnsafeRawBufferPointer(rebasing: source[range])
    var place = offset + range.lowerBound
    while let bad = TextBytes.firstInvalid(rest) {
      take(rest[..<bad])
      bytes.append(contentsOf: [0xEF, 0xBF, 0xBD])
      malformed += 1
      condition.malformedBytes += 1
      if condition.firstMalformed.count < TextCondition.kept {
        condition.firstMalformed.append(
          MalformedByte(line: line, offset: place + bad, byte: rest[bad]))
      }
      place += bad + 1
      rest = UnsafeRawBufferPointer(rebasing: rest[(bad + 1)...])
    }
    take(rest[...])
    ranges.append(start..<bytes.count)
  }

  private mutating func take(_ part: Slice<UnsafeRawBufferPointer>) {
    for byte in part where byte >= 0xC0 { wellFormed += 1 }
    bytes.append(contentsOf: part)
  }
}
