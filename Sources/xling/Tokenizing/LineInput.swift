import Foundation
import XlingCore

/// Lines of files or of stdin, in blocks: memory does not grow with the input. Lines end at LF; a
/// CR before it belongs to the end.
struct LineInput {
  static let blockBytes = 1 << 20

  /// Calls `body` with lines of one source, their source's name, and the number of the first. The
  /// lines are only there until it returns. No paths mean stdin; so does `-`. Throws ``FileFailure``.
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

  private static func read(
    _ descriptor: Int32, _ name: String,
    _ body: ([UnsafeRawBufferPointer], String, Int) throws -> Void
  ) throws {
    var bytes: [UInt8] = []
    var number = 1
    while true {
      let before = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: blockBytes))
      let count = bytes.withUnsafeMutableBytes { buffer in
        Foundation.read(descriptor, buffer.baseAddress?.advanced(by: before), blockBytes)
      }
      if count < 0 {
        if errno == EINTR {
          bytes.removeLast(blockBytes)
          continue
        }
        throw FileFailure.cannotRead(path: name, reason: SystemWords.reason(errno))
      }
      bytes.removeLast(blockBytes - count)
      let isEnd = count == 0
      let done = isEnd ? bytes.count : (bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0)
      if done > 0 {
        number += try bytes.withUnsafeBytes { buffer in
          let lines = lines(UnsafeRawBufferPointer(rebasing: buffer[..<done]))
          try body(lines, name, number)
          return lines.count
        }
        bytes.removeFirst(done)
      }
      if isEnd { return }
    }
  }

  private static func lines(_ block: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
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
