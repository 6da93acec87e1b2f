import Foundation
import XlingCore

/// Blocks of bytes on their way to being lines of UTF-8.
struct LineBlocks {
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
