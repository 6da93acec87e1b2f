import Foundation
import XlingCore

/// Lines of files or of stdin, in blocks: memory does not grow with the input. Lines end at LF; a
/// CR before it belongs to the end. They are UTF-8; a text in UTF-16 whose mark says so is read as a whole.
struct LineInput {
  static let blockBytes = 1 << 20

  /// Calls `body` with lines of one source, their source's name, and the number of the first. The
  /// lines are only there until it returns. No paths mean stdin; so does `-`. Lines before a broken one
  /// are passed. Throws `TextFailure` for what is not UTF-8, `ForeignFileFailure`, ``FileFailure``.
  static func forEachBlock(
    _ paths: [String], _ body: ([UnsafeRawBufferPointer], String, Int) throws -> Void
  ) throws {
    for path in paths.isEmpty ? ["-"] : paths {
      let isInput = path == "-"
      let descriptor =
        isInput
        ? STDIN_FILENO
        : try OpenedFile.descriptor(path, hint: "Name a text file, or - for stdin.").descriptor
      let name = isInput ? "stdin" : path
      defer { if !isInput { close(descriptor) } }
      try read(descriptor, name, body)
    }
  }

  /// All that comes from stdin. Throws ``FileFailure/cannotRead(path:reason:)`` when it is closed, a
  /// folder or open for writing only.
  static func standardInput() throws -> Data {
    var data = Data()
    try read(STDIN_FILENO, "stdin") { bytes in data.append(contentsOf: bytes) }
    return data
  }

  /// Calls `body` with blocks as they come, until the end.
  private static func read(
    _ descriptor: Int32, _ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: blockBytes, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = Foundation.read(descriptor, buffer.baseAddress, blockBytes)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw FileFailure.cannotRead(path: name, reason: String(cString: strerror(errno)))
      }
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  private static func read(
    _ descriptor: Int32, _ name: String,
    _ body: ([UnsafeRawBufferPointer], String, Int) throws -> Void
  ) throws {
    try withoutActuallyEscaping(body) { body in
      var text = LineBlocks(name: name, body)
      try read(descriptor, name) { (block: UnsafeRawBufferPointer) in try text.take(block) }
      try text.end()
    }
  }

  fileprivate static func lines(_ block: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
    var lines: [UnsafeRawBufferPointer] = []
    var start = 0
    while start < block.count {
      let rest = UnsafeRawBufferPointer(rebasing: block[start...])
      let length = rest.firstIndex(of: 0x0A) ?? rest.count
      let hasReturn = length > 0 && length < rest.count && rest[length - 1] == 0x0D
      lines.append(UnsafeRawBufferPointer(rebasing: rest[..<(hasReturn ? length - 1 : length)]))
      start += length + 1
    }
    return lines
  }
}

/// Blocks of bytes on their way to being lines of UTF-8.
private struct LineBlocks {
  let name: String
  private let body: ([UnsafeRawBufferPointer], String, Int) throws -> Void
  private var bytes: [UInt8] = []
  /// Of the next line, from 1, and of its first byte, from 0.
  private var number = 1
  private var offset = 0
  private var isStarted = false
  private var isUTF16 = false

  init(
    name: String, _ body: @escaping ([UnsafeRawBufferPointer], String, Int) throws -> Void
  ) {
    (self.name, self.body) = (name, body)
  }

  mutating func take(_ block: UnsafeRawBufferPointer) throws {
    bytes.append(contentsOf: block)
    if !isStarted, bytes.count >= 4 { try start() }
    guard isStarted, !isUTF16 else { return }
    try pass(bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0)
  }

  mutating func end() throws {
    if !isStarted { try start() }
    if isUTF16 { bytes = Array(try TextBytes.decodeUTF16(Data(bytes), path: name)) }
    try pass(bytes.count)
  }

  private mutating func start() throws {
    isStarted = true
    isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
    if !isUTF16 { try TextBytes.checkStart(bytes, path: name) }
    if let found = ForeignFile(head: bytes), found.isPointer {
      throw ForeignFileFailure(path: name, expected: "text in UTF-8", found: found)
    }
    if bytes.starts(with: TextBytes.mark) {
      bytes.removeFirst(TextBytes.mark.count)
      offset = TextBytes.mark.count
    }
  }

  /// The first `count` bytes, whole lines.
  private mutating func pass(_ count: Int) throws {
    guard count > 0 else { return }
    let passed = try bytes.withUnsafeBytes { buffer in
      let part = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      let bad = TextBytes.firstInvalid(part)
      let whole = bad.map { part[..<$0].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0 } ?? count
      let lines = LineInput.lines(UnsafeRawBufferPointer(rebasing: part[..<whole]))
      if !lines.isEmpty { try body(lines, name, number) }
      if bad != nil { try refuse(part) }
      return lines.count
    }
    number += passed
    offset += count
    bytes.removeFirst(count)
  }

  /// What is not UTF-8: by what it is where its first bytes tell.
  private func refuse(_ part: UnsafeRawBufferPointer) throws {
    if number == 1, let found = ForeignFile(head: part.prefix(ForeignFile.headCount)) {
      throw ForeignFileFailure(path: name, expected: "text in UTF-8", found: found)
    }
    try TextBytes.check(part, path: name, line: number, offset: offset)
  }
}
