import CDigest
import Foundation

/// A running SHA-256. Content hashes name datasets, checkpoints and protocols in every result.
public struct Digest: ~Copyable {
  private let state: OpaquePointer

  public init() {
    guard let state = xling_sha256_new() else { preconditionFailure("libcrypto has no SHA-256") }
    self.state = state
  }

  deinit { xling_sha256_free(state) }

  public func update(_ bytes: UnsafeRawBufferPointer) {
    precondition(xling_sha256_update(state, bytes.baseAddress, bytes.count) == 0)
  }

  public func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  public func update(_ data: Data) { data.withUnsafeBytes { update($0) } }

  /// The 32 bytes of the hash. Call once.
  public consuming func finish() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    precondition(xling_sha256_finish(state, &digest) == 0)
    return digest
  }

  /// Lower-case hexadecimal, 64 characters.
  public consuming func hexadecimal() -> String {
    finish().map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  public static func of(_ text: String) -> String {
    let digest = Digest()
    digest.update(text)
    return digest.hexadecimal()
  }

  public static func of(_ data: Data) -> String {
    let digest = Digest()
    digest.update(data)
    return digest.hexadecimal()
  }

  public static func of(_ bytes: UnsafeRawBufferPointer) -> String {
    let digest = Digest()
    digest.update(bytes)
    return digest.hexadecimal()
  }

  /// The 32 bytes of the hash of all of it.
  public static func bytes(of data: Data) -> [UInt8] {
    let digest = Digest()
    digest.update(data)
    return digest.finish()
  }

  /// The bytes of what ``hexadecimal()`` wrote; nil of anything else.
  public static func bytes(hexadecimal text: String) -> [UInt8]? {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == 64, text.utf8.count == 64 else { return nil }
    return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  /// A stable 64-bit key of a text: the first eight bytes of its SHA-256, big-endian. Splits and
  /// seeds derive from it, so they never depend on the process's hash seed.
  public static func key(_ text: String) -> UInt64 {
    let digest = Digest()
    digest.update(text)
    return digest.finish().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
