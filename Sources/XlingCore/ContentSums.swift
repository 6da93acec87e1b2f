import Foundation

/// A file that is not what it was when its folder was written.
public enum ContentFailure: Failure, Equatable {
  case changed(path: String, expected: String, found: String)
  case sums(path: String, line: Int)

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    switch self {
    case .changed(let path, let expected, let found):
      "\(path) is damaged: its SHA-256 was \(expected) when it was written, now it is \(found). "
        + "Restore it from a copy, or make it anew; if you changed it yourself, remove its line in "
        + "SHA256SUMS beside it."
    case .sums(let path, let line):
      "\(path):\(line): expected 64 hexadecimal digits, two spaces and a file's name. Restore it "
        + "from a copy."
    }
  }
}

/// The SHA-256 of files that are never to change, in a file `SHA256SUMS` beside them, as `sha256sum`
/// writes and checks it.
public enum ContentSums {
  public static let fileName = "SHA256SUMS"

  /// Hashes the files as they are on disk now, and writes their sums beside them, with those of `coming`
  /// files that are written next. Throws `FileFailure`.
  public static func write(
    _ names: [String], coming: [String: String] = [:], in folder: String
  ) throws {
    var text = ""
    for name in Set(names + coming.keys).sorted() {
      text += "\(try coming[name] ?? hash(folder + "/" + name))  \(name)\n"
    }
    try AtomicFile.write(text, to: folder + "/" + fileName)
  }

  /// Checks one file against the sum beside it. False where there is none: folders of earlier versions
  /// have no sums. Throws ``ContentFailure``, `FileFailure`.
  @discardableResult
  public static func check(_ path: String) throws -> Bool {
    guard let expected = try sums(of: PathParts.folder(of: path))[PathParts.name(of: path)] else {
      return false
    }
    let found = try hash(path)
    guard found == expected else {
      throw ContentFailure.changed(path: path, expected: expected, found: found)
    }
    return true
  }

  /// The sums kept in a folder, by name; empty where it has none. Throws ``ContentFailure/sums(path:line:)``,
  /// `FileFailure`.
  public static func sums(of folder: String) throws -> [String: String] {
    let path = folder + "/" + fileName
    guard FileManager.default.fileExists(atPath: path) else { return [:] }
    var found: [String: String] = [:]
    let lines = try AtomicFile.read(path).split(separator: 0x0A)
    for (number, line) in lines.enumerated() {
      let digits = line.prefix(64)
      guard line.count > 66, digits.allSatisfy({ isHexadecimal($0) }),
        line.dropFirst(64).prefix(2).elementsEqual([0x20, 0x20])
      else { throw ContentFailure.sums(path: path, line: number + 1) }
      found[String(decoding: line.dropFirst(66), as: UTF8.self)] = String(
        decoding: digits, as: UTF8.self)
    }
    return found
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }

  /// SHA-256 of a file of any size. Throws ``FileFailure``.
  public static func hash(_ path: String) throws -> String {
    let file = try FileReader(path)
    let digest = Digest()
    var offset = 0
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { block.deallocate() }
    while offset < file.size {
      let part = UnsafeMutableRawBufferPointer(rebasing: block[..<min(1 << 20, file.size - offset)])
      guard file.read(part, at: offset) else {
        throw FileFailure.cannotRead(path: path, reason: "it ends before its size")
      }
      digest.update(UnsafeRawBufferPointer(part))
      offset += part.count
    }
    return digest.hexadecimal()
  }
}
