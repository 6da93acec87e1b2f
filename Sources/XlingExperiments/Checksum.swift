import Foundation
import GRDB
import XlingCore

/// What tells that a stored value is not the one that was stored: 128 bits of SHA-256.
enum Checksum {
  /// Over values with their kinds and lengths.
  static func of(_ values: [DatabaseValue]) -> Data {
    let digest = Digest()
    for value in values {
      switch value.storage {
      case .null: add(0, 0, to: digest)
      case .int64(let number): add(1, UInt64(bitPattern: number), to: digest)
      case .double(let number): add(2, number.bitPattern, to: digest)
      case .string(let text):
        add(3, UInt64(text.utf8.count), to: digest)
        digest.update(text)
      case .blob(let data):
        add(4, UInt64(data.count), to: digest)
        digest.update(data)
      }
    }
    return Data(digest.finish().prefix(16))
  }

  private static func add(_ kind: UInt8, _ number: UInt64, to digest: borrowing Digest) {
    withUnsafeBytes(of: kind) { digest.update($0) }
    withUnsafeBytes(of: number.littleEndian) { digest.update($0) }
  }

  /// Of an embedding, with what it is of.
  static func of(model: String, input: [UInt8], row: Data) -> Data {
    let digest = Digest()
    digest.update(model)
    input.withUnsafeBytes { digest.update($0) }
    digest.update(row)
    return Data(digest.finish().prefix(16))
  }
}
