import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

/// Rows as Python's csv and pandas's read_csv read them, where both agree; what they guess at is refused.
@Suite struct DelimitedTableTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ text: String) throws -> [ForeignItem] {
    try read(Data(text.utf8))
  }

  private func read(_ data: Data) throws -> [ForeignItem] {
    let path = folder.path + "/t.csv"
    try AtomicFile.write(data, to: path)
    return try FlickrLayout().read(path)
  }

  private func captions(_ text: String) throws -> [[String]] { try read(text).map(\.captions) }

  private func refusal(_ text: String) -> String? {
    do {
      _ = try read(text)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    // A quote inside a field is a character; at its start it opens, doubled it is one.
    (
      "image,caption\na.png,A 5\" disk\nb.png,\"x \"\"y\"\", z\"\n",
      [["A 5\" disk"], ["x \"y\", z"]]
    ),
    // Line breaks inside quotes.
    ("image,caption\r\na.png,\"one\r\ntwo\"\r\nb.png,B\r\n", [["one\r\ntwo"], ["B"]]),
    // Columns by their names, in any case and order; the others are passed over.
    ("id,Caption,Image Name\n7,A,a.png\n8,B,b.png\n", [["A"], ["B"]]),
    ("image,caption,id\na.png,A,0\na.png,AA,1\n", [["A", "AA"]]),
    // CR alone, a byte order mark, semicolons, blank lines, no end of the last line.
    ("image,caption\ra.png,A\rb.png,B\r", [["A"], ["B"]]),
    ("\u{FEFF}image;caption\n\na.png;A, b\n\n\"b.png\";B", [["A, b"], ["B"]]),
    // A comma in a last caption without quotes is part of it.
    ("image,caption\na.png,A man, a \"dog\" and a bus\n", [["A man, a \"dog\" and a bus"]]),
    // Tabs: quotes are read where they are pandas's, and are characters elsewhere.
    (
      "title\tfilepath\nA 5\" disk, red\ta.png\n\"x \"\"y\"\"\"\tb.png\n",
      [["A 5\" disk, red"], ["x \"y\""]]
    ),
    (
      "filepath\ttitle\na.png\t\"Stop\" it says\nb.png\t\"open\nc.png\tC\n",
      [["\"Stop\" it says"], ["\"open"], ["C"]]
    ),
    // The table of Flickr30k's splits: a JSON list.
    ("raw,split,filename\n\"[\"\"A\"\", \"\"B\"\"]\",test,a.png\n", [["A", "B"]]),
  ])
  func rowsAreRead(text: String, expected: [[String]]) throws {
    #expect(try captions(text) == expected)
  }

  @Test func aColumnOfSplitsCounts() throws {
    let items = try read("filename,split,caption\na,train,A\nb,restval,B\nc,dev,C\nd,test,D\n")
    #expect(items.map(\.split) == [.train, .train, .val, .test])
    #expect(
      refusal("filename,split,caption\na,holdout,A\n")?.contains("line 2: expected a split") == true
    )
    #expect(
      refusal("filename,split,caption\na,train,A\na,test,B\n")?.contains(
        "line 3: expected one split")
        == true)
  }

  @Test(arguments: [
    ("image,caption\na.png,\"A\nb.png,B\n", "line 2: expected a field in quotes"),
    ("image,caption\na.png,\"Stop\" sign\n", "line 2: expected a field in quotes"),
    ("image,caption\n\"x\ny\",A\nb.png\n", "line 4: expected 2 fields"),
    ("image,caption,id\na.png,A, b,0\n", "line 2: expected 3 fields"),
    ("image,caption\na.png,A,\n", "line 2: expected 2 fields"),
    ("image,caption\n,A\n", "line 2: expected 2 fields"),
    ("image,caption\na.png,\"A\",B\n", "line 2: expected 2 fields"),
    ("image_name| number| comment\na.png| 4 A\nb.png| B\n", "line 3: expected 3 fields"),
    ("image_name| number| comment\na.png| four A\n", "line 2: expected 3 fields"),
    ("picture,words\na.png,A\n", "found headings parted by commas: \"picture\", \"words\""),
    ("a.png,A\nb.png,B\n", "line 1: expected a line of headings"),
    ("image,caption,title\na.png,A,B\n", "found several: caption, title"),
    ("image,caption\n", "expected rows below the headings, found no rows"),
    ("", "found an empty file"),
  ])
  func brokenTablesAreNamed(text: String, words: String) throws {
    #expect(refusal(text)?.contains(words) == true, "\(refusal(text) ?? "read")")
  }

  @Test func otherEncodingsAreNamed() throws {
    let head = Data("image,caption\na.png,caf".utf8)
    #expect(
      throws: TextFailure.notUTF8(path: folder.path + "/t.csv", line: 2, offset: 23, byte: 0xE9)
    ) {
      try read(head + Data([0xE9]))
    }
    let wide =
      Data([0xFF, 0xFE])
      + Data("image,caption\r\na.png,é\r\n".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
    #expect(try read(wide).map(\.captions) == [["é"]])
    #expect(throws: ForeignFileFailure.self) { try read(Data([0x50, 0x4B, 3, 4, 0xFF])) }
  }
}
