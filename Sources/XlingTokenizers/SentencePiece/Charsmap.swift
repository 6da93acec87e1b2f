import Foundation
import XlingCore

/// A model's own normalization rules: byte strings to byte strings, the longest match from the
/// left wins. The compiled form is a trie's byte count (little-endian), the trie as a
/// ``DoubleArray``, and the replacements, each ended by NUL.
final class Charsmap: Sendable {
  private let units: ConstantBuffer<UInt32>
  private let replacements: ConstantBuffer<UInt8>
  /// For scalars below U+10000, whether a rule begins with the scalar: one bit each.
  private let begins: ConstantBuffer<UInt64>
  /// Whether an ASCII character that stands ahead of another is never touched.
  let asciiIsPlain: [Bool]
  /// Whether spaces stay as they are, and no rule reaches over one.
  let keepsSpaces: Bool
  /// SHA-256 of the compiled form.
  let hash: String
  /// Number of rules.
  let ruleCount: Int

  /// The memory that it takes.
  var byteCount: Int { units.byteCount + replacements.byteCount + begins.byteCount }

  struct Malformed: Error, Equatable { let expected: String, found: String }

  /// Checks every unit that can be reached. Throws when one leads outside or back, or when a
  /// replacement lies outside.
  init(_ blob: [UInt8]) throws(Malformed) {
    guard blob.count > 4 else {
      throw Malformed(expected: "a charsmap of more than 4 bytes", found: "\(blob.count)")
    }
    let size = (0..<4).reduce(0) { $0 | Int(blob[$1]) << (8 * $1) }
    guard size > 0, size % 1024 == 0, size < blob.count - 4 else {
      throw Malformed(
        expected: "a charsmap whose trie takes a multiple of 1024 bytes, less than "
          + "\(blob.count - 4)", found: "\(size)")
    }
    guard blob.last == 0 else {
      throw Malformed(expected: "a charsmap that ends with NUL", found: "\(blob.last ?? 0)")
    }
    let units = (0..<size / 4).map { (index: Int) -> UInt32 in
      (0..<4).reduce(UInt32(0)) { (unit: UInt32, byte: Int) -> UInt32 in
        unit | UInt32(blob[4 + 4 * index + byte]) << UInt32(8 * byte)
      }
    }
    let walk = try CharsmapWalk(units, replacementBytes: blob.count - 4 - size)
    self.units = ConstantBuffer(units)
    replacements = ConstantBuffer(Array(blob[(4 + size)...]))
    begins = ConstantBuffer(walk.begins)
    asciiIsPlain = walk.asciiIsPlain
    ruleCount = walk.ruleCount
    hash = Digest.of(Data(blob))
    keepsSpaces = walk.keepsSpaces && Self.spaceIsItself(self.units.base, replacements)
  }

  private static func spaceIsItself(
    _ units: UnsafePointer<UInt32>, _ replacements: ConstantBuffer<UInt8>
  ) -> Bool {
    let space: [UInt8] = [0x20]
    guard let start = space.withUnsafeBufferPointer({ DoubleArray.value(units, of: $0) }) else {
      return true
    }
    return replacements[Int(start)] == 0x20 && replacements[Int(start) + 1] == 0
  }

  /// Valid while this object lives.
  var reader: Reader {
    Reader(units: units.base, replacements: replacements.base, begins: begins.base)
  }

  struct Reader: BitwiseCopyable {
    fileprivate let units: UnsafePointer<UInt32>
    /// Each ends with NUL.
    let replacements: UnsafePointer<UInt8>
    fileprivate let begins: UnsafePointer<UInt64>
  }

  /// All rules, for tests and for people: key and replacement, in the order of the keys.
  func rules() -> [(key: [UInt8], replacement: [UInt8])] {
    var result: [(key: [UInt8], replacement: [UInt8])] = []
    func visit(_ base: Int, _ key: [UInt8]) {
      for byte in UInt8(1)...255 {
        var child = base
        guard let unit = DoubleArray.step(units.base, &child, byte) else { continue }
        if unit & DoubleArray.hasValue != 0 {
          let start = Int(DoubleArray.value(units.base, child))
          let text = (start..<replacements.count).lazy.map { self.replacements[$0] }
          result.append((key + [byte], Array(text.prefix { $0 != 0 })))
        }
        visit(child, key + [byte])
      }
    }
    visit(DoubleArray.root(units.base), [])
    return result
  }
}

extension Charsmap.Reader {
  /// The root's base.
  var rootBase: Int { DoubleArray.root(units) }

  @inline(__always)
  func step(_ base: inout Int, _ byte: UInt8) -> UInt32? { DoubleArray.step(units, &base, byte) }

  /// Where the replacement starts of a rule that ends at a base.
  func value(_ base: Int) -> Int { Int(DoubleArray.value(units, base)) }

  @inline(__always)
  func mayBegin(_ scalar: UInt32) -> Bool {
    scalar >= 0x10000 || begins[Int(scalar >> 6)] >> UInt64(scalar & 63) & 1 != 0
  }

  /// The longest rule at `at`: how many bytes it replaces, and where the replacement starts; a
  /// length of 0 when there is none.
  @inline(__always)
  func longestRule(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ end: Int
  ) -> (length: Int, replacement: Int) {
    var base = DoubleArray.root(units)
    var result = (length: 0, replacement: 0)
    var index = at
    while index < end, let unit = DoubleArray.step(units, &base, text[index]) {
      index += 1
      if unit & DoubleArray.hasValue != 0 {
        result = (index - at, Int(DoubleArray.value(units, base)))
      }
    }
    return result
  }
}
