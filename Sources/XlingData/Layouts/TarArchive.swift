import CArchive
import Foundation
import XlingCore

/// The regular files of a tar archive, packed or not, in its order. Members are read into memory: what
/// an archive of a few kilobytes may unpack to has a limit.
struct TarArchive: ~Copyable {
  struct Limits {
    /// Bytes of all members that are kept.
    let kept: Int
    /// Bytes that are unpacked at all.
    let unpacked: Int

    /// Pictures are packed already: packing their archive gains little. Uniform ones of a test gain more.
    init(fileSize: Int) {
      kept = 3 * fileSize + 96 << 20
      unpacked = 100 * fileSize + 256 << 20
    }
  }

  private let archive: OpaquePointer
  private let path: String
  private let limits: Limits
  private var kept = 0

  /// Throws ``DataFailure/badDataset(path:reason:)``, `FileFailure.missing`.
  init(_ path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw FileFailure.missing(path: path, hint: "Check the path.")
    }
    if let kind = PictureFolder.kind(status) {
      throw DataFailure.badDataset(path: path, reason: "expected a tar archive, found \(kind).")
    }
    var message = [CChar](repeating: 0, count: 256)
    guard let archive = xling_archive_open(path, &message, message.count) else {
      let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
      if let found = ForeignFile(path: path), !Self.mayBeTar(found) {
        throw ForeignFileFailure(path: path, expected: "a tar archive", found: found)
      }
      throw DataFailure.badDataset(
        path: path, reason: "expected a tar archive (.tar, .tar.gz, .tar.xz, .tar.zst): \(text).")
    }
    self.archive = archive
    self.path = path
    limits = Limits(fileSize: min(Int(status.st_size), 1 << 50))
  }

  deinit { xling_archive_close(archive) }

  /// What a tar archive begins with, packed or not.
  private static func mayBeTar(_ found: ForeignFile) -> Bool {
    [.tar, .gzip, .bzip2, .xz, .zstandard].contains(found)
  }

  /// Every member in turn: `body` says by the name whether it wants the bytes, and gets them. The others
  /// are read as well, so that an archive that is cut short is none. Throws
  /// ``DataFailure/badDataset(path:reason:)`` and what `body` throws.
  mutating func forEachMember(
    _ isWanted: (String) -> Bool, take body: (String, Data) throws -> Void
  ) throws {
    var name: UnsafePointer<CChar>?
    var size: Int64 = 0
    while true {
      let status = xling_archive_next(archive, &name, &size)
      guard status != 0 else { return }
      guard status > 0, let bytes = name else { throw damaged("at a member") }
      let member = String(cString: bytes)
      let keeps = isWanted(member)
      let data = try read(member, keeps: keeps)
      if keeps { try body(member, data) }
    }
  }

  private mutating func read(_ member: String, keeps: Bool) throws -> Data {
    var data = Data()
    var block = [UInt8](repeating: 0, count: 1 << 16)
    var total = 0
    while true {
      let count = Int(xling_archive_read(archive, &block, block.count))
      guard count >= 0 else { throw damaged("in \"\(TerminalText.visible(member))\"") }
      guard count > 0 else { return data }
      total += count
      if keeps {
        kept += count
        data.append(contentsOf: block[..<count])
      }
      guard kept <= limits.kept, total <= limits.unpacked,
        xling_archive_unpacked(archive) <= limits.unpacked
      else {
        throw DataFailure.badDataset(
          path: path,
          reason:
            "unpacks to far more than it is, in \"\(TerminalText.visible(member))\": that much "
            + "is not read. Unpack it by hand and look what it holds.")
      }
    }
  }

  private func damaged(_ place: String) -> DataFailure {
    let text = String(cString: xling_archive_message(archive))
    return .badDataset(
      path: path, reason: "is damaged or cut short \(place): \(text). Get the archive again.")
  }
}
