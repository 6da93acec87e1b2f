import Foundation
import XlingCore

/// SHA-256 of files that were hashed before, in the user's cache folder: `$XLING_CACHE`, else
/// `$XDG_CACHE_HOME/xling`, else `~/.cache/xling`. A dataset may lie on read-only media, and commands
/// without a store read it too, so it is kept beside neither. Whoever deletes it loses time and no
/// result; where it cannot be written, every file is hashed each time.
struct ContentMemory: Sendable {
  struct Entry: Equatable, Sendable {
    let mark: FileMark
    /// 64 hexadecimal digits.
    let digest: String
  }

  /// nil where there is no place for it.
  let path: String?

  private static let head = "xling contents 1\n"
  /// Datasets that are remembered; the longest unchanged make room.
  private static let datasets = 512

  /// `part` tells apart what is read of one folder in several ways.
  init(
    folder: String, part: String = "",
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    let real = realpath(folder, nil)
    defer { free(real) }
    let name = Digest.of((real.map { String(cString: $0) } ?? folder) + "\n" + part).prefix(32)
    path = Self.cache(environment).map { "\($0)/contents/\(name)" }
  }

  private static func cache(_ environment: [String: String]) -> String? {
    func named(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    if let given = named("XLING_CACHE") { return given }
    // The standard says to pass over a relative one.
    if let base = named("XDG_CACHE_HOME"), base.hasPrefix("/") { return base + "/xling" }
    return named("HOME").map { $0 + "/.cache/xling" }
  }

  /// By place in the dataset; nothing where there is none, or where a byte of it is not as it was
  /// written.
  func entries() -> [String: Entry] {
    guard let path, let data = try? Data(contentsOf: URL(fileURLWithPath: path)),
      data.count > Self.head.utf8.count + 65
    else { return [:] }
    let body = data.dropLast(65)
    guard body.starts(with: Self.head.utf8),
      data.suffix(65).elementsEqual((Digest.of(Data(body)) + "\n").utf8)
    else { return [:] }
    var entries: [String: Entry] = [:]
    var isWhole = true
    DatasetReader.forEachLine(Data(body.dropFirst(Self.head.utf8.count))) { line in
      var fields = Fields(line)
      guard let entry = fields.entry() else {
        isWhole = false
        return
      }
      entries[fields.place] = entry
    }
    return isWhole ? entries : [:]
  }

  func keep(_ entries: [String: Entry]) {
    guard let path else { return }
    var text = Self.head
    for (place, entry) in entries.sorted(by: { $0.key < $1.key }) where !place.contains("\n") {
      let mark = entry.mark
      text += "\(entry.digest)\t\(mark.size)\t\(mark.modified)\t\(mark.changed)\t\(mark.inode)\t"
      text += "\(mark.device)\t\(place)\n"
    }
    text += Digest.of(text) + "\n"
    let folder = PathParts.folder(of: path)
    // A cache that cannot be written costs time and nothing else.
    guard (try? AtomicFile.createFolder(folder)) != nil,
      (try? AtomicFile.write(text, to: path)) != nil
    else { return }
    Partials.sweep(of: path)
    Self.makeRoom(in: folder)
  }

  private static func makeRoom(in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard names.count > datasets else { return }
    let old = names.map { (name: $0, time: FileMark(path: folder + "/" + $0)?.modified ?? 0) }
      .sorted { $0.time < $1.time }
    for file in old.prefix(names.count - datasets) { unlink(folder + "/" + file.name) }
  }

  /// One line, parted by tabs; the place comes last and may hold any byte but a line's end.
  private struct Fields {
    private let line: UnsafeRawBufferPointer
    private var at = 0

    init(_ line: UnsafeRawBufferPointer) { self.line = line }

    var place: String {
      String(decoding: UnsafeRawBufferPointer(rebasing: line[at...]), as: UTF8.self)
    }

    mutating func entry() -> Entry? {
      guard line.count > 65, line[64] == 9 else { return nil }
      let digest = String(decoding: UnsafeRawBufferPointer(rebasing: line[..<64]), as: UTF8.self)
      at = 65
      guard let size = number(), let modified = number(), let changed = number(),
        let inode = number(), let device = number()
      else { return nil }
      return Entry(
        mark: FileMark(
          size: Int(truncatingIfNeeded: size), modified: modified, changed: changed,
          inode: UInt64(bitPattern: inode), device: UInt64(bitPattern: device)),
        digest: digest)
    }

    private mutating func number() -> Int64? {
      var value: Int64 = 0
      let isNegative = at < line.count && line[at] == UInt8(ascii: "-")
      if isNegative { at += 1 }
      let start = at
      while at < line.count, line[at] &- 48 < 10 {
        value = value &* 10 &+ Int64(line[at] - 48)
        at += 1
      }
      guard at > start, at < line.count, line[at] == 9 else { return nil }
      at += 1
      return isNegative ? -value : value
    }
  }
}
