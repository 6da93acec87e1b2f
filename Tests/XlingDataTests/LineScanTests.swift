import Foundation
import Testing

@testable import XlingData

/// The quick reading of a line takes nothing that the full one refuses, and reads the same.
@Suite struct LineScanTests {
  private static let line =
    #"{"image": "a", "split": "test", "captions": {"en": ["a \"b\" \u00e9 \ud83d\ude00", "é 日本 😀"], "#
    + #""tr" : [ "ş\t\\" ] }, "concepts": ["x"], "heldout": true}"#

  private func read(_ line: Data) -> Dataset.Item? {
    var part = CaptionPart()
    let isTaken = line.withUnsafeBytes { part.scan($0, 0..<line.count) }
    return isTaken ? CaptionPart.items([part], of: line)[0] : nil
  }

  @Test func readsTheSame() throws {
    let item = try #require(read(Data(Self.line.utf8)))
    #expect(item.captions == ["en": ["a \"b\" é 😀", "é 日本 😀"], "tr": ["ş\t\\"]])
    #expect(item.image == "a" && item.split == .test && item.concepts == ["x"] && item.isHeldOut)
    #expect(item.captions["de"] == nil && item.captions.keys.sorted() == ["en", "tr"])
  }

  /// Every byte of the line is replaced by each of some, and left out.
  @Test func takesNothingElse() throws {
    let bytes = Array(Self.line.utf8)
    for at in bytes.indices {
      for byte in [nil, 0x00, 0x20, 0x22, 0x2C, 0x5C, 0x5D, 0x61, 0x7D, 0x80, 0xC3, 0xED, 0xF4] as [UInt8?] {
        var changed = bytes
        changed.replaceSubrange(at...at, with: byte.map { [$0] } ?? [])
        guard let item = read(Data(changed)) else { continue }
        let object = try #require(JSONValue(Data(changed))?.object)
        #expect(object["image"]?.string == item.image)
        let captions = try #require(object["captions"]?.object)
        #expect(captions.compactMapValues(\.strings) == item.captions.texts)
      }
    }
  }
}
