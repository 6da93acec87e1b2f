import Foundation
import XlingCore

/// WebDataset shards: a tar archive whose files of one sample share a name up to the first dot;
/// `.jpg`, `.jpeg` or `.png` is the picture, `.txt` the caption, or `.json` with "caption".
struct WebDatasetLayout: DatasetLayout {
  let name = "webdataset"
  let summary = "a WebDataset tar shard: KEY.jpg with KEY.txt or KEY.json"

  private struct Sample {
    var picture: (name: String, range: Range<Int>)?
    var captions: [String] = []
  }

  func read(_ path: String) throws -> [ForeignItem] {
    let data = try AtomicFile.read(path)
    var order: [String] = []
    var samples: [String: Sample] = [:]
    for entry in try TarArchive.entries(of: data, path) {
      let file = PathParts.name(of: entry.name)
      guard let dot = file.firstIndex(of: "."), !file.hasPrefix(".") else { continue }
      let folder = entry.name.dropLast(file.count)
      let key = String(folder + file[..<dot])
      if samples[key] == nil { order.append(key) }
      var sample = samples[key] ?? Sample()
      switch file[dot...].lowercased() {
      case ".jpg", ".jpeg", ".png": sample.picture = (entry.name, entry.range)
      case ".txt":
        let text = String(decoding: data.subdata(in: entry.range), as: UTF8.self)
        sample.captions.append(text.trimmingCharacters(in: .newlines))
      case ".json":
        let object = JSONValue(data.subdata(in: entry.range))?.object
        if let caption = object?["caption"]?.string { sample.captions.append(caption) }
      default: break
      }
      samples[key] = sample
    }
    return try order.map { key in
      guard let sample = samples[key], let picture = sample.picture else {
        throw DataFailure.badDataset(path: path, reason: "the sample \"\(key)\" has no picture.")
      }
      // KEY.txt and the caption of KEY.json are often the same.
      var seen: Set<String> = []
      return ForeignItem(
        name: picture.name, source: .bytes(data[picture.range]), split: nil,
        captions: sample.captions.filter { seen.insert($0).inserted })
    }
  }
}

/// The regular files of a POSIX tar archive (IEEE 1003.1, ustar and pax, GNU long names).
enum TarArchive {
  struct Entry {
    let name: String
    /// Bytes in the archive.
    let range: Range<Int>
  }

  /// Throws ``DataFailure/badDataset(path:reason:)``.
  static func entries(of data: Data, _ path: String) throws -> [Entry] {
    var entries: [Entry] = []
    var position = 0
    var longName: String?
    while position + 512 <= data.count {
      let header = data.subdata(in: position..<position + 512)
      if header.allSatisfy({ $0 == 0 }) { break }
      guard let size = octal(header, 124..<136), checksum(header) == octal(header, 148..<156) else {
        throw DataFailure.badDataset(
          path: path, reason: "byte \(position): expected a tar header, found other bytes.")
      }
      let start = position + 512
      guard start + size <= data.count else {
        throw DataFailure.badDataset(
          path: path, reason: "byte \(position): a file of \(size) bytes is cut short.")
      }
      let body = start..<start + size
      switch header[156] {
      case UInt8(ascii: "L"): longName = text(data.subdata(in: body))
      case UInt8(ascii: "x"): longName = paxPath(data.subdata(in: body)) ?? longName
      case 0, UInt8(ascii: "0"):
        let prefix = text(header.subdata(in: 345..<500))
        let short = text(header.subdata(in: 0..<100))
        entries.append(
          Entry(name: longName ?? (prefix.isEmpty ? short : prefix + "/" + short), range: body))
        longName = nil
      default: longName = nil
      }
      position = start + (size + 511) / 512 * 512
    }
    guard position <= data.count else {
      throw DataFailure.badDataset(
        path: path, reason: "expected \(position) bytes or more, found \(data.count): cut short.")
    }
    return entries
  }

  private static func text(_ bytes: Data) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func octal(_ header: Data, _ range: Range<Int>) -> Int? {
    let digits = text(header.subdata(in: range)).trimmingCharacters(in: .whitespaces)
    return digits.isEmpty ? nil : Int(digits, radix: 8)
  }

  /// The sum of the header's bytes, its own field taken as blanks.
  private static func checksum(_ header: Data) -> Int {
    header.enumerated().reduce(0) { sum, byte in
      sum + ((148..<156).contains(byte.offset) ? 0x20 : Int(byte.element))
    }
  }

  /// "LENGTH path=NAME\n" of a pax header.
  private static func paxPath(_ body: Data) -> String? {
    String(decoding: body, as: UTF8.self).split(separator: "\n")
      .compactMap { $0.split(separator: " ", maxSplits: 1).last }
      .first { $0.hasPrefix("path=") }.map { String($0.dropFirst("path=".count)) }
  }
}
