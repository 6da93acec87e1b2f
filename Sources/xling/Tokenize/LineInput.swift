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

  static func lines(_ block: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
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
