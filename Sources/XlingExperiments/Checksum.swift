import Foundation
import GRDB
import XlingCore

/// What tells that a stored value is not the one that was stored: 128 bits of SHA-256.
enum Checksum {
  /// Over values with their kinds and lengths.
  static func of(_ values: [DatabaseValue]) -> Data {
    let digest = Digest()
    /// Little-endian.
    func bytes(_ kind: UInt8, _ number: UInt64) -> Data {
      Data([kind] + (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
    }
    for value in values {
      switch value.storage {
      case .null: digest.update(bytes(0, 0))
      case .int64(let number): digest.update(bytes(1, UInt64(bitPattern: number)))
      case .double(let number): digest.update(bytes(2, number.bitPattern))
      case .string(let text):
        digest.update(bytes(3, UInt64(text.utf8.count)))
        digest.update(text)
      case .blob(let data):
        digest.update(bytes(4, UInt64(data.count)))
        digest.update(data)
      }
    }
    return Data(digest.finish().prefix(16))
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
