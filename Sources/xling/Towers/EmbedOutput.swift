import Foundation
import XlingCore
import XlingTensor
import XlingTowers

/// Rows that are done, beside the output until all are: raw float32 in OUTPUT.partial; in
/// OUTPUT.partial.key what decides them, and for each block of rows its count and SHA-256.
final class EmbedPartial {
  let path: String
  private let width: Int
  private let identity: String
  private let resume: Bool
  private var handle: FileHandle?
  private var keys: FileHandle?

  init(_ output: String, width: Int, identity: String, resume: Bool) {
    path = output + ".partial"
    (self.width, self.identity, self.resume) = (width, identity, resume)
  }

  private var keyPath: String { path + ".key" }
  private var rowBytes: Int { width * MemoryLayout<Float>.size }

  /// Opens the files for appending; returns how many rows they have. Throws ``EmbedFailure``,
  /// `FileFailure`.
  func begin(of total: Int) throws -> Int {
    var rows = 0
    var keyBytes = identity.utf8.count + 1
    if resume, FileManager.default.fileExists(atPath: path) {
      (rows, keyBytes) = try kept()
    } else {
      try AtomicFile.write(identity + "\n", to: keyPath)
      try AtomicFile.write(Data(), to: path)
    }
    // What a kill cut short is computed again.
    handle = try open(path, at: rows * rowBytes)
    keys = try open(keyPath, at: keyBytes)
    return min(rows, total)
  }

  private func open(_ path: String, at offset: Int) throws -> FileHandle {
    guard let handle = FileHandle(forUpdatingAtPath: path) else {
      throw FileFailure.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    do {
      try handle.truncate(atOffset: UInt64(offset))
      try handle.seekToEnd()
    } catch {
      throw FileFailure.cannotWrite(path: path, reason: "\(error.localizedDescription)")
    }
    return handle
  }

  /// Whole blocks that are as they were written, and the length of the keys up to there.
  private func kept() throws -> (rows: Int, keyBytes: Int) {
    let keys = try AtomicFile.read(keyPath)
    var lines = keys.split(separator: 0x0A, omittingEmptySubsequences: false)
    // Behind the last line feed is nothing, or a line that a kill cut short.
    lines.removeLast()
    guard lines.first.map({ String(decoding: $0, as: UTF8.self) }) == identity else {
      throw EmbedFailure.otherWork(path: path)
    }
    let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    var rows = 0
    var keyBytes = identity.utf8.count + 1
    for line in lines.dropFirst() {
      let words = String(decoding: line, as: UTF8.self).split(separator: " ")
      guard words.count == 2, let count = Int(words[0]), (1...1_000_000_000).contains(count) else {
        throw EmbedFailure.damaged(path: keyPath, rows: rows..<rows + 1)
      }
      // Rows that a kill of the machine kept from the disk.
      guard (rows + count) * rowBytes <= data.count else { break }
      let block = data[rows * rowBytes..<(rows + count) * rowBytes]
      guard Digest.of(block) == words[1] else {
        throw EmbedFailure.damaged(path: path, rows: rows..<rows + count)
      }
      rows += count
      keyBytes += line.count + 1
    }
    return (rows, keyBytes)
  }

  func append(_ vectors: EmbeddingMatrix) throws {
    let data = vectors.withUnsafeBytes { Data($0) }
    do {
      try handle?.write(contentsOf: data)
      try keys?.write(contentsOf: Data("\(vectors.count) \(Digest.of(data))\n".utf8))
    } catch {
      throw FileFailure.cannotWrite(path: path, reason: SystemWords.reason(of: error))
    }
  }

  /// All rows, read again and found whole. Throws as ``begin(of:)``.
  func finish(rows: Int) throws -> Data {
    try handle?.close()
    try keys?.close()
    (handle, keys) = (nil, nil)
    let found = try kept().rows
    guard found == rows else { throw EmbedFailure.damaged(path: path, rows: found..<rows) }
    return try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
  }

  func remove() {
    for path in [path, keyPath] { try? FileManager.default.removeItem(atPath: path) }
  }

  var columns: Int { width }
}

/// The finished output.
enum EmbedFile {
  enum Format: String, CaseIterable {
    case npy, safetensors
  }

  /// Writes all rows, whole or not at all, then removes what stood beside. Throws `FileFailure`.
  static func write(_ partial: EmbedPartial, rows: Int, to path: String) throws {
    let data = try partial.finish(rows: rows)
    if path.hasSuffix(".npy") {
      let header = npyHeader(rows: rows, columns: partial.columns)
      try AtomicFile.write(to: path) { append in
        try header.withUnsafeBytes { try append($0) }
        try data.withUnsafeBytes { try append($0) }
      }
    } else {
      try data.withUnsafeBytes { bytes in
        try Safetensors.write(
          [("embeddings", [rows, partial.columns], bytes.bindMemory(to: Float.self))], to: path)
      }
    }
    partial.remove()
  }

  /// NumPy's format, version 1.0: magic, a Python dictionary, padded so that the values begin at a
  /// multiple of 64.
  private static func npyHeader(rows: Int, columns: Int) -> Data {
    var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
    text += String(repeating: " ", count: 63 - (text.utf8.count + 10) % 64) + "\n"
    let length = UInt16(text.utf8.count)
    return Data([0x93] + "NUMPY".utf8 + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)])
      + Data(text.utf8)
  }
}
