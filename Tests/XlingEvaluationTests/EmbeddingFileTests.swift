import Foundation
import Testing
import XlingCore
import XlingRetrieval
import XlingTestSupport
import XlingTowers

@testable import XlingEvaluation

@Suite struct EmbeddingFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func numpy(_ name: String) -> String { Fixtures.path("retrieval/\(name).npy") }

  private func found(_ path: String) -> EvaluationFailure? {
    do {
      _ = try EmbeddingFile(path)
      return nil
    } catch {
      return error as? EvaluationFailure
    }
  }

  @Test(arguments: ["f2", "f4", "f8"])
  func readsWhatNumPyWrites(type: String) throws {
    let file = try EmbeddingFile(numpy(type))
    #expect(file.width == 3 && file.count == 2)
    #expect(file.rows.array() == [1, -2.5, 0.125, 3, 4, -0.5])
  }

  /// A `.npy` of version 1, as NEP 1 describes it.
  private func array(_ type: String, _ shape: String, _ values: [UInt8], fortran: Bool = false)
    -> Data
  {
    let header =
      "{'descr': '\(type)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }\n"
    return NumPyArray.magic + [1, 0, UInt8(header.utf8.count), 0] + Data(header.utf8) + Data(values)
  }

  private func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  private func read(_ data: Data, _ name: String = "x.npy") throws -> [Float] {
    try AtomicFile.write(data, to: folder.path + "/" + name)
    return try EmbeddingFile(folder.path + "/" + name).rows.array()
  }

  /// The same 2 x 3 numbers in every type and order.
  @Test func readsOtherOrdersAndTypes() throws {
    let rows: [Float] = [1, -2.5, 0.125, 3, 4, -0.5]
    let columns: [Float] = [1, 3, -2.5, 4, 0.125, -0.5]
    func big(_ bytes: [UInt8], _ width: Int) -> [UInt8] {
      stride(from: 0, to: bytes.count, by: width).flatMap { bytes[$0..<$0 + width].reversed() }
    }
    let half = bytes(rows.map { UInt16($0.bitPattern >> 16) })
    for (name, data) in [
      ("column order", array("<f4", "(2, 3)", bytes(columns), fortran: true)),
      ("big-endian", array(">f4", "(2, 3)", big(bytes(rows), 4))),
      (
        "double, column order",
        array(">f8", "(2, 3)", big(bytes(columns.map(Double.init)), 8), fortran: true)
      ),
      ("bfloat16", array("<V2", "(2, 3)", half)), ("bfloat16 |", array("|V2", "(2, 3)", half)),
    ] {
      #expect(try read(data) == rows, "\(name)")
    }
    #expect(try read(array("<f4", "(0, 3)", [])).isEmpty)
    #expect(throws: EvaluationFailure.self) { try read(array("|V4", "(2, 3)", bytes(rows))) }
  }

  /// A zip archive of entries that are not packed, as `numpy.savez` writes it (APPNOTE; its local headers
  /// have an extra field of 64 bits).
  private func zip(_ files: [(String, Data)], method: UInt8 = 0) -> Data {
    func little(_ value: Int, _ count: Int) -> Data {
      Data((0..<count).map { UInt8(value >> (8 * $0) & 255) })
    }
    var (body, list) = (Data(), Data())
    for (name, data) in files {
      let (start, length) = (body.count, name.utf8.count)
      // Method, time, date and checksum.
      let common = Data([method, 0]) + little(0, 8)
      body += Data([0x50, 0x4B, 3, 4, 45, 0, 0, 0])
      body += common
      for value in [0xFFFF_FFFF, 0xFFFF_FFFF] { body += little(value, 4) }
      for value in [length, 20] { body += little(value, 2) }
      body += Data(name.utf8)
      for (value, count) in [(1, 2), (16, 2), (data.count, 8), (data.count, 8)] {
        body += little(value, count)
      }
      body += data
      list += Data([0x50, 0x4B, 1, 2, 45, 0, 45, 0, 0, 0])
      list += common
      for value in [data.count, data.count] { list += little(value, 4) }
      list += little(length, 2)
      list += little(0, 12)
      list += little(start, 4)
      list += Data(name.utf8)
    }
    var end = Data([0x50, 0x4B, 5, 6, 0, 0, 0, 0])
    for (value, count) in [
      (files.count, 2), (files.count, 2), (list.count, 4), (body.count, 4), (0, 2),
    ] {
      end += little(value, count)
    }
    return body + list + end
  }

  @Test func readsArchivesOfArrays() throws {
    let (one, two) = (
      array("<f4", "(1, 2)", bytes([1, 2] as [Float])),
      array("<f4", "(1, 2)", bytes([3, 4] as [Float]))
    )
    let path = folder.path + "/x.npy"
    #expect(try read(zip([("arr_0.npy", one)])) == [1, 2])
    _ = try? read(zip([("a.npy", one), ("b.npy", two)]))
    #expect(try EmbeddingFile(path + "#b").rows.array() == [3, 4])
    #expect(found(path) == .tensorChoice(path: path, wanted: nil, known: ["a", "b"]))
    for (data, words) in [
      (zip([("a.npy", one)], method: 14), "a.npy packed by method 14"),
      // Bytes that deflate never made.
      (zip([("a.npy", one)], method: 8), "bytes of a.npy, packed by deflate"),
      (zip([("a.txt", one)]), "without one"),
      (zip([("a.npy", one)]).dropLast(30), "cut off or broken"),
    ] {
      try AtomicFile.write(data, to: path)
      #expect(found(path)?.description.contains(words) == true)
      #expect(found(path)?.description.contains("zip archive") == true)
    }
    let whole = zip([("a.npy", one), ("b.npy", two)])
    for count in 0..<whole.count { _ = try? read(whole.prefix(count)) }
    for place in whole.indices {
      var other = whole
      other[place] ^= 0xFF
      _ = try? read(other)
    }
  }

  /// What numpy.savez_compressed wrote.
  @Test func readsPackedArrays() throws {
    let path = Fixtures.path("retrieval/packed.npz")
    let rows: [Float] = [1, -2.5, 0.125, 3, 4, -0.5]
    #expect(try EmbeddingFile(path + "#half").rows.array() == rows)
    #expect(try EmbeddingFile(path + "#turned").rows.array() == rows)
    #expect(
      try EmbeddingFile(path + "#wide").rows.array() == (0..<200).flatMap { _ in rows })
    #expect(try EmbeddingFile(path + "#none").count == 0)
    #expect(
      found(path)
        == .tensorChoice(path: path, wanted: nil, known: ["half", "wide", "turned", "none"]))
    let objects = found(Fixtures.path("retrieval/objects.npz"))?.description
    #expect(objects?.contains("|O, an array of Python objects") == true)
  }

  /// No byte of a packed archive is taken for another: all but those of dates and flags are checked.
  @Test func damagedPackedArrays() throws {
    let whole = try AtomicFile.read(Fixtures.path("retrieval/packed.npz"))
    let path = folder.path + "/x.npz"
    let rows = try EmbeddingFile(Fixtures.path("retrieval/packed.npz") + "#wide").rows.array()
    for count in stride(from: 0, to: whole.count, by: 7) {
      try AtomicFile.write(whole.prefix(count), to: path)
      #expect(throws: (any Error).self) { try EmbeddingFile(path + "#wide") }
    }
    for place in whole.indices {
      var other = whole
      other[place] ^= 0x5A
      try AtomicFile.write(other, to: path)
      if let found = try? EmbeddingFile(path + "#wide").rows.array() {
        #expect(found == rows, "byte \(place)")
      }
    }
    // 4 GB asked for by some bytes.
    var bomb = whole
    let size = Data([0x40, 0x13, 0, 0])
    let place = try #require(bomb.lastRange(of: size)?.lowerBound)
    bomb.replaceSubrange(place..<place + 4, with: [0, 0, 0, 0xF0])
    try AtomicFile.write(bomb, to: path)
    #expect(found(path + "#wide")?.description.contains("at most 1032 times") == true)
  }

  /// The list's place in the wide record, as archives of 4 GB and more have it.
  @Test func readsWideArchives() throws {
    let one = array("<f4", "(1, 2)", bytes([1, 2] as [Float]))
    var data = zip([("a.npy", one)])
    let end = data.suffix(22)
    func word(_ at: Int) -> Data { end.dropFirst(at).prefix(4) + Data(repeating: 0, count: 4) }
    let start = data.count - 22
    var wide = Data([0x50, 0x4B, 6, 6, 44, 0, 0, 0, 0, 0, 0, 0, 45, 0, 45, 0])
    wide += Data(repeating: 0, count: 8)
    for _ in 0..<2 { wide += Data([1, 0, 0, 0, 0, 0, 0, 0]) }
    wide += word(12) + word(16)
    wide += Data([0x50, 0x4B, 6, 7, 0, 0, 0, 0])
    wide += withUnsafeBytes(of: UInt64(start).littleEndian) { Data($0) } + Data([1, 0, 0, 0])
    data.replaceSubrange(
      start...,
      with: wide + Data([0x50, 0x4B, 5, 6, 0, 0, 0, 0]) + Data(repeating: 0xFF, count: 12)
        + Data([0, 0]))
    #expect(try read(data) == [1, 2])
  }

  /// Parts in the order of their numbers, not of their names.
  @Test func readsFoldersOfParts() throws {
    let parts = folder.path + "/img_emb"
    try AtomicFile.createFolder(parts)
    for number in 0...10 {
      try AtomicFile.write(
        array("<f4", "(1, 1)", bytes([Float(number)])), to: "\(parts)/img_emb_\(number).npy")
    }
    try AtomicFile.write("", to: parts + "/.DS_Store")
    #expect(try EmbeddingFile(parts).rows.array() == (0...10).map(Float.init))
    try FileManager.default.removeItem(atPath: parts + "/img_emb_3.npy")
    #expect(found(parts)?.description.contains("no part 3 before img_emb_4.npy") == true)
    try AtomicFile.write("", to: parts + "/notes.txt")
    #expect(found(parts)?.description.contains("a folder with \"notes.txt\"") == true)
  }

  @Test func otherFilesAreNamed() throws {
    for (bytes, kind) in [
      (Data("version https://git-lfs.github.com/spec/v1\n".utf8), ForeignFile.lfsPointer),
      (Data([0x80, 4, 0x95, 0]), .pickle), (Data("PAR1".utf8), .parquet),
      (Data("<html>".utf8), .html),
    ] {
      let path = folder.path + "/e.npy"
      try AtomicFile.write(bytes, to: path)
      #expect(
        throws: ForeignFileFailure(
          path: path, expected: "embeddings (.npy, .npz or safetensors)", found: kind)
      ) {
        try EmbeddingFile(path)
      }
    }
  }

  @Test func refusesOtherArrays() throws {
    for (name, expected, wrong) in [
      ("integers", "float16, bfloat16 (V2), float32 or float64", "<i4"),
      ("one_axis", "the shape (rows, width)", "[3]"),
    ] {
      guard case .notEmbeddings(_, expected, wrong, _) = found(numpy(name)) else {
        Issue.record("\(name): \(String(describing: found(numpy(name))))")
        continue
      }
    }
    let short = folder.path + "/short.npy"
    try AtomicFile.write(try AtomicFile.read(numpy("f4")).dropLast(4), to: short)
    guard case .notEmbeddings(_, "2 x 3 values of 4 bytes", "20 bytes", _) = found(short) else {
      Issue.record("\(String(describing: found(short)))")
      return
    }
    for length in [6, 9, 12, 40] {
      try AtomicFile.write(try AtomicFile.read(numpy("f4")).prefix(length), to: short)
      #expect(found(short) != nil)
    }
    #expect(throws: FileFailure.self) { try EmbeddingFile(folder.path + "/none.npy") }
  }

  @Test func readsSafetensors() throws {
    let path = folder.path + "/both.safetensors"
    let values: [Float] = [1, 2, 3, 4, 5, 6]
    try values.withUnsafeBufferPointer { values in
      try Safetensors.write([("a", [3, 2], values), ("b", [2, 3], values)], to: path)
    }
    let file = try EmbeddingFile(path + "#b")
    #expect(file.width == 3 && file.rows.array() == values)
    #expect(found(path) == .tensorChoice(path: path, wanted: nil, known: ["a", "b"]))
    #expect(found(path + "#c") == .tensorChoice(path: path, wanted: "c", known: ["a", "b"]))
  }

  @Test func goldLines() throws {
    let path = folder.path + "/gold.jsonl"
    // A byte order mark, CR LF, no end of the last line.
    try AtomicFile.write(
      "\u{FEFF}{\"text\": 1, \"images\": [0]}\r\n{\"text\": 0, \"images\": [1, 0, 1]}", to: path)
    let gold = try GoldFile(path, texts: 2, images: 2)
    #expect(gold.relation == GoldRelation([[0, 1], [0]]))
    // Other ways to write the same.
    try AtomicFile.write(
      "{\"images\":[1,0],\"text\":0}\n { \"text\" :1,\t\"\\u0069mages\": [ 0 ] } \n", to: path)
    #expect(try GoldFile(path, texts: 2, images: 2).relation == gold.relation)
    for (line, expected, wrong) in [
      ("", "a JSON object", "an empty line"),
      ("[1]", "a JSON object", "\"[1]\""),
      (
        #"{"text": 1, "text": 1, "images": [0]}"#, "a JSON object",
        "the key \"text\" twice in one object"
      ),
      (#"{"text": 1}"#, "\"images\": a list of row numbers", "no such key"),
      (#"{"text": 1.5, "images": [0]}"#, "\"text\": a row number", "1.5"),
      (#"{"text": 1, "images": ["a"]}"#, "\"images\": a list of row numbers", "[\"a\"]"),
      (#"{"text": 1, "image": [0]}"#, "the keys text and images", "\"image\""),
      (#"{"text": 2, "images": [0]}"#, "a text row below 2", "row 2"),
      (#"{"text": -1, "images": [0]}"#, "a text row below 2", "row -1"),
      (#"{"text": 1, "images": [0, 2]}"#, "image rows below 2", "row 2"),
      (#"{"text": 0, "images": [0]}"#, "one line a caption", "text 0 again (first: line 1)"),
    ] {
      try AtomicFile.write("{\"text\": 0, \"images\": [0]}\n\(line)\n", to: path)
      #expect(
        throws: EvaluationFailure.badGold(path: path, line: 2, expected: expected, found: wrong)
      ) { try GoldFile(path, texts: 2, images: 2) }
    }
  }

  @Test func queriesWithoutGold() throws {
    let path = folder.path + "/gold.jsonl"
    try AtomicFile.write(
      "{\"text\": 1, \"images\": [0]}\n{\"text\": 2, \"images\": []}\n", to: path)
    #expect(
      throws: EvaluationFailure.withoutGold(path: path, side: "captions", rows: [0, 2], count: 2)
    ) { try GoldFile(path, texts: 3, images: 1) }
    let gold = try GoldFile(path, texts: 3, images: 4, allowMissing: true)
    #expect(gold.textsWithout == 2 && gold.imagesWithout == 3)
  }
}
