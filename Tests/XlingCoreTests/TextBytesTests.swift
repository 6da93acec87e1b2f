import Foundation
import Testing

@testable import XlingCore

@Suite struct TextBytesTests {
  private func failure(_ data: Data) -> TextFailure? {
    do {
      _ = try TextBytes.utf8(data, path: "f")
      return nil
    } catch {
      return error as? TextFailure
    }
  }

  @Test func marksAreLeftOut() throws {
    let text = "é\r\n😀"
    #expect(
      try TextBytes.utf8(Data([0xEF, 0xBB, 0xBF]) + Data(text.utf8), path: "f") == Data(text.utf8))
    let units = Array(text.utf16)
    for isBig in [false, true] {
      let bytes = ([0xFEFF] + units).flatMap { unit in
        let pair = [UInt8(unit & 0xFF), UInt8(unit >> 8)]
        return isBig ? pair.reversed() : pair
      }
      #expect(try TextBytes.utf8(Data(bytes), path: "f") == Data(text.utf8))
      // A half of a letter, and a lead surrogate alone.
      #expect(failure(Data(bytes.dropLast(1))) == .brokenUTF16(path: "f", offset: bytes.count - 2))
      #expect(failure(Data(bytes.dropLast(2))) == .brokenUTF16(path: "f", offset: bytes.count - 4))
    }
  }

  @Test func wideTextsWithoutAMarkAreNamed() {
    let text = Array("a red bus on grass\n".utf8)
    #expect(
      failure(Data(text.flatMap { [$0, 0] })) == .wide(path: "f", encoding: "UTF-16LE"))
    #expect(
      failure(Data(text.flatMap { [0, $0] })) == .wide(path: "f", encoding: "UTF-16BE"))
    #expect(failure(Data("a\0b, one zero is text".utf8)) == nil)
  }

  /// Line from 1, byte from 0.
  @Test func theFirstByteThatDoesNotFitIsNamed() {
    for (bytes, line, offset) in [
      ([0x61, 0x0A, 0xE9, 0x20], 2, 2), ([0xC3, 0x28], 1, 0), ([0xC0, 0x80], 1, 0),
      ([0xE0, 0x80, 0x80], 1, 0), ([0xED, 0xA0, 0x80], 1, 0), ([0xF4, 0x90, 0x80, 0x80], 1, 0),
      ([0xF5, 0x80, 0x80, 0x80], 1, 0), ([0x61, 0xE2, 0x82], 1, 1), ([0x80], 1, 0),
      ([0x0A, 0x0A, 0x61, 0xF0, 0x9F, 0x98], 3, 3),
    ] as [([UInt8], Int, Int)] {
      #expect(
        failure(Data(bytes))
          == .notUTF8(path: "f", line: line, offset: offset, byte: bytes[offset]), "\(bytes)")
    }
    let said = TextFailure.notUTF8(path: "f", line: 2, offset: 14, byte: 0xE9).description
    #expect(
      said.hasPrefix("f, line 2, byte 14: expected UTF-8, found the byte 0xE9 (\"é\" in Latin-1"))
  }

  /// The same answer as the standard library's, on random bytes and on mutated text.
  @Test func agreesWithTheStandardLibrary() {
    var stream = RandomStream(seed: 1, "utf-8")
    let text = Array("é漢😀abcdefghijklmnop\u{7FF}\u{800}\u{FFFF}\u{10FFFF}".utf8)
    for _ in 0..<3_000 {
      var bytes = text
      for _ in 0..<stream.index(3) { bytes[stream.index(bytes.count)] = UInt8(stream.index(256)) }
      bytes = Array(bytes.prefix(stream.index(bytes.count + 1)))
      let isValid = String(validating: bytes, as: UTF8.self) != nil
      #expect((TextBytes.firstInvalid(Data(bytes)) == nil) == isValid)
    }
  }
}
