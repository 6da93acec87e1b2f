import Foundation
import XlingCore
import XlingTowers

/// Rows that are done, beside the output until all are: raw float32 in OUTPUT.partial, and what
/// decides them in OUTPUT.partial.key.
final class EmbedPartial {
  let path: String
  private let width: Int
  private let identity: String
  private let resume: Bool
  private var handle: FileHandle?

  init(_ output: String, width: Int, identity: String, resume: Bool) {
    path = output + ".partial"
    (self.width, self.identity, self.resume) = (width, identity, resume)
  }

  private var keyPath: String { path + ".key" }
  private var rowBytes: Int { width * MemoryLayout<Float>.size }

  /// Opens the file for appending; returns how many rows it has. Throws ``EmbedFailure``,
  /// `FileFailure`.
  func begin(of total: Int) throws -> Int {
    let files = FileManager.default
    var rows = 0
    if resume, files.fileExists(atPath: path) {
      guard String(decoding: try AtomicFile.read(keyPath), as: UTF8.self) == identity else {
        throw EmbedFailure.otherWork(path: path)
      }
      let size = try files.attributesOfItem(atPath: path)[.size] as? Int ?? 0
      rows = min(size / rowBytes, total)
    } else {
      try AtomicFile.write(identity, to: keyPath)
      try AtomicFile.write(Data(), to: path)
    }
    guard let handle = FileHandle(forUpdatingAtPath: path) else {
      throw FileFailure.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    // A row cut short by a kill is computed again.
    try handle.truncate(atOffset: UInt64(rows * rowBytes))
    try handle.seekToEnd()
    self.handle = handle
    return rows
  }

  func append(_ vectors: [Float]) throws {
    let data = vectors.withUnsafeBytes { Data($0) }
    do { try handle?.write(contentsOf: data) } catch {
      throw FileFailure.cannotWrite(path: path, reason: SystemWords.reason(of: error))
    }
  }

  func finish() throws -> Data {
    try handle?.close()
    handle = nil
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
    let data = try partial.finish()
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
